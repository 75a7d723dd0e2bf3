#include "model/domain/domain.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "base/error.h"
#include "xml/compare.h"

namespace innkeeper::model {

namespace {

const std::filesystem::path goldens = std::filesystem::path(INNKEEPER_SOURCE_DIR) / "tests/golden/domain";

std::string contents(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

/// A definition with something put into it: `os` and what stands beside it.
std::string domain_with(std::string_view inside) {
    return "<domain type='qemu'><name>e</name><memory>65536</memory><os><type>hvm</type></os>" + std::string(inside) +
           "</domain>";
}
std::string device(std::string_view element) { return domain_with("<devices>" + std::string(element) + "</devices>"); }

std::string complaint(const std::string& text) {
    try {
        parse_domain(text);
        return "accepted";
    } catch (const Error& error) {
        return error.message();
    }
}

}  // namespace

TEST(Domain, IsWrittenAsTheGoldensSay) {
    for (const auto& entry : std::filesystem::directory_iterator(goldens)) {
        const auto in = entry.path().string();
        if (!in.ends_with(".in.xml")) continue;
        // A running guest's document is read and written with all that the daemon itself put there, and its secrets.
        const bool is_live = in.ends_with(".live.in.xml");
        const ParseOptions options{.live = is_live};
        const auto domain = parse_domain(contents(in), options);
        const auto text = format_domain(domain, {.inactive = !is_live, .secure = is_live});
        const auto out = in.substr(0, in.size() - 7) + ".out.xml";
        if (std::getenv("INNKEEPER_ACCEPT")) std::ofstream(out, std::ios::binary) << text;
        EXPECT_EQ(text, contents(out)) << in;
        const auto again = parse_domain(format_domain(domain, {.inactive = !is_live, .secure = true}), options);
        for (const auto& difference : xml::compare(domain_element, domain, again))
            ADD_FAILURE() << in << " read again: " << difference.path << ": " << difference.before << " -> "
                          << difference.after;
        EXPECT_TRUE(again == domain) << in;
    }
}

/// Some of what can be said of every device fits none of its kind.
TEST(Domain, IsRefusedAsTheGoldensSay) {
    for (const auto& entry : std::filesystem::directory_iterator(goldens.parent_path() / "refused")) {
        const auto in = entry.path().string();
        if (!in.ends_with(".in.xml")) continue;
        const auto text = complaint(contents(in)) + "\n";
        const auto out = in.substr(0, in.size() - 7) + ".txt";
        if (std::getenv("INNKEEPER_ACCEPT")) std::ofstream(out, std::ios::binary) << text;
        EXPECT_EQ(text, contents(out)) << in;
        EXPECT_NE(text, "accepted\n") << in;
    }
}

TEST(Domain, RefusesAsThePeerDoes) {
    EXPECT_EQ(complaint("<domain type='qemu'><memory>1</memory></domain>"), "missing name information");
    EXPECT_EQ(complaint("<domain type='bogus'><name>e</name></domain>"),
              "unsupported configuration: invalid domain type bogus");
    EXPECT_EQ(complaint("<domain type='qemu'><name>a/b</name></domain>"), "XML error: name a/b cannot contain '/'");
    EXPECT_EQ(complaint("<domain type='qemu'><name>e</name><os><type>hvm</type></os></domain>"),
              "XML error: Memory size must be specified via <memory> or in the <numa> configuration");
    EXPECT_EQ(complaint(domain_with("<uuid>zz</uuid>")), "internal error: malformed uuid element");
    EXPECT_EQ(complaint("<domain type='qemu'><name>e</name><memory>1</memory></domain>"),
              "XML error: an os <type> must be specified");
    EXPECT_EQ(
        complaint("<domain type='qemu'><name>e</name><memory>1</memory><os><type arch='vax'>hvm</type></os></domain>"),
        "unsupported configuration: Unknown architecture vax");
    EXPECT_EQ(complaint(domain_with("<vcpu current='4'>2</vcpu>")),
              "unsupported configuration: maximum vCPU count must not be less than current vCPU count");
    EXPECT_EQ(complaint(domain_with("<on_crash>explode</on_crash>")),
              "unsupported configuration: unknown on_crash action: explode");
    EXPECT_EQ(complaint(domain_with("<cpu mode='nope'/>")), "unsupported configuration: Invalid mode attribute 'nope'");
    EXPECT_EQ(complaint(domain_with("<features><hyperv><relaxed/></hyperv></features>")),
              "XML error: Missing required attribute 'state' in element 'relaxed'");
}

TEST(Domain, RefusesDevicesAsThePeerDoes) {
    EXPECT_EQ(complaint(device("<disk type='file'><source file='/x'/></disk>")),
              "missing target information for device /x");
    EXPECT_EQ(complaint(device("<disk><source file='/x'/><target dev='vda' bus='bogus'/></disk>")),
              "XML error: Invalid value for attribute 'bus' in element 'target': 'bogus'.");
    EXPECT_EQ(complaint(device("<disk><source file='/x'/><target dev='vda'/></disk><disk><source file='/y'/>"
                               "<target dev='vda'/></disk>")),
              "XML error: target 'vda' duplicated for disk sources '/x' and '/y'");
    EXPECT_EQ(complaint(device("<interface type='bogus'/>")),
              "XML error: Invalid value for attribute 'type' in element 'interface': 'bogus'.");
    EXPECT_EQ(complaint(device("<interface type='network'/>")),
              "XML error: interface type='network' requires a 'source' element");
    EXPECT_EQ(complaint(device("<interface type='user'><mac address='zz:zz'/></interface>")),
              "XML error: unable to parse mac address 'zz:zz'");
    EXPECT_EQ(complaint(device("<video><model type='none'/></video><video><model type='qxl'/></video>")),
              "unsupported configuration: a 'none' video type must be the only video device defined for the domain");
}

TEST(Domain, WritesTheSourceOfEveryHostdevThatItTakes) {
    const auto domain = parse_domain(device("<hostdev mode='subsystem' type='pci'><source/></hostdev>"));
    EXPECT_TRUE(parse_domain(format_domain(domain, {.inactive = true})) == domain);
    EXPECT_EQ(complaint(device("<hostdev mode='subsystem' type='scsi'><source/></hostdev>")),
              "XML error: 'address' must be specified for scsi hostdev source");
}

TEST(Domain, RefusesWhatCollides) {
    for (const char* nowhere :
         {"<vcpu cpuset='^1'>1</vcpu>", "<vcpu>1</vcpu><cputune><vcpupin vcpu='0' cpuset='^1'/></cputune>",
          "<vcpu>1</vcpu><cputune><emulatorpin cpuset='^1'/></cputune>"})
        EXPECT_EQ(complaint(domain_with(nowhere)), "unsupported configuration: Invalid value of 'cpuset': ^1");
    EXPECT_EQ(complaint(domain_with("<vcpu>2</vcpu><cputune><vcpupin vcpu='1' cpuset='1'/><vcpupin vcpu='1' "
                                    "cpuset='2'/></cputune>")),
              "internal error: duplicate vcpupin for vcpu '1'");
    EXPECT_EQ(complaint(domain_with("<vcpu>2</vcpu><cputune><vcpusched vcpus='0-1' scheduler='idle'/><vcpusched "
                                    "vcpus='1' scheduler='idle'/></cputune>")),
              "'vcpusched' attributes 'vcpus' must not overlap");
    EXPECT_EQ(complaint(domain_with("<vcpu>2</vcpu><cputune><cachetune vcpus='0'><cache id='0' level='3' type='code' "
                                    "size='3'/><cache id='0' level='3' type='both' size='3'/></cachetune></cputune>")),
              "XML error: Colliding cache allocations for cache level '3' id '0', type 'both'");
    EXPECT_EQ(complaint(device("<controller type='usb' index='0' model='ich9-uhci2'/>")),
              "No master USB controller specified");
    EXPECT_EQ(complaint(device("<redirdev bus='usb' type='spicevmc'><address type='isa'/></redirdev>")),
              "XML error: Invalid address for a USB device");
    EXPECT_EQ(complaint(device("<serial type='unix'/>")),
              "internal error: Missing source path attribute for char device");
}

TEST(Domain, ADefaultSpelledOtherwiseIsTheDefault) {
    const auto balloon = [](const std::string& period) {
        return parse_domain(device("<memballoon model='virtio'><stats period='" + period + "'/></memballoon>"))
            .devices.memballoon;
    };
    EXPECT_EQ(balloon("00"), balloon("0"));
    EXPECT_NE(balloon("01"), balloon("0"));
}

TEST(Domain, KeepsPasswordsFromThoseWhoMayNotSeeThem) {
    const auto domain = parse_domain(device("<graphics type='vnc' passwd='hidden'/>"));
    EXPECT_EQ(format_domain(domain).find("hidden"), std::string::npos);
    EXPECT_NE(format_domain(domain, {.secure = true}).find("hidden"), std::string::npos);
}

TEST(Domain, ABootMenuIsForGuestsWithFirmware) {
    const std::string text =
        "<domain type='xen'><name>a</name><memory>1024</memory><os><type>linux</type>"
        "<bootmenu enable='yes' timeout='3000'/></os></domain>";
    EXPECT_FALSE(parse_domain(text).os.boot_menu);
    EXPECT_FALSE(parse_domain(text).os.boot_menu_timeout);
}

TEST(Domain, ForgetsTheAliasesOfAnEarlierRun) {
    const auto text = device("<hub type='usb'><alias name='hub0'/></hub><hub type='usb'><alias name='ua-mine'/></hub>");
    EXPECT_EQ(parse_domain(text).devices.hubs[0].info.alias, "");
    EXPECT_EQ(parse_domain(text).devices.hubs[1].info.alias, "ua-mine");
    EXPECT_EQ(parse_domain(text, {.live = true}).devices.hubs[0].info.alias, "hub0");
}

}  // namespace innkeeper::model
