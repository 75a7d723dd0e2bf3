#include "drivers/test/complete.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "drivers/test/host.h"
#include "model/domain/domain.h"

namespace innkeeper::test {
namespace {

using model::DomainDef;

DomainDef completed(std::string_view devices, std::string_view more = "<memory>1024</memory>",
                    std::string_view type = "<type>hvm</type>") {
    DomainDef def = model::parse_domain(fmt::format(
        "<domain type='test'><name>a</name>{}<os>{}</os><devices>{}</devices></domain>", more, type, devices));
    complete(def);
    return def;
}

std::string complaint(std::string_view devices, std::string_view more = "<memory>1024</memory>") {
    try {
        completed(devices, more);
        return "";
    } catch (const Error& error) {
        return error.message();
    }
}

std::string numa(std::string_view more = "") {
    return std::string(more) + "<cpu><numa><cell id='0' cpus='0' memory='512'/></numa></cpu>";
}

TEST(TestDomain, IsOneOfTheSimulatedMachine) {
    EXPECT_EQ(completed("").os.arch, model::Architecture::i686);
    EXPECT_EQ(completed("", "<memory>1024</memory>", "<type arch='ppc64'>hvm</type>").os.arch,
              model::Architecture::ppc64);
}

TEST(TestDomain, HasTheMemoryOfItsNodesWhereNothingElseIsSaid) {
    EXPECT_EQ(completed("", numa()).memory_kib, 512);
    EXPECT_EQ(completed("", numa("<memory>1024</memory>")).memory_kib, 1024);
    EXPECT_EQ(completed("", "<memory>1024</memory>").current_memory_kib, 1024);
    EXPECT_EQ(completed("", "<memory>1024</memory><currentMemory>2048</currentMemory>").current_memory_kib, 1024);
    EXPECT_EQ(completed("", "<memory>1024</memory><currentMemory>512</currentMemory>").current_memory_kib, 512);
}

TEST(TestDomain, CannotBeWithoutMemory) {
    EXPECT_EQ(complaint("", ""),
              "XML error: Memory size must be specified via <memory> or in the <numa> configuration");
    EXPECT_EQ(complaint("", "<memory>1024</memory><maxMemory slots='1'>512</maxMemory>"),
              "XML error: maximum memory size must be equal or greater than the actual memory size");
}

TEST(TestDomain, EachCardHasAnAddressAndADeviceOfItsOwn) {
    const auto def = completed(
        "<interface type='user'/><interface type='user'><target dev='testnet0'/></interface>"
        "<interface type='user'><mac address='52:54:00:11:22:33'/></interface>");
    const auto& cards = def.devices.interfaces;
    EXPECT_EQ(cards[0].target_device, "testnet1");
    EXPECT_EQ(cards[1].target_device, "testnet0");
    EXPECT_EQ(cards[2].target_device, "testnet2");
    EXPECT_EQ(cards[2].mac->text(), "52:54:00:11:22:33");
    EXPECT_EQ(cards[0].mac->text().substr(0, 9), "52:54:00:");
    EXPECT_NE(cards[0].mac, cards[1].mac);
}

TEST(TestDomain, WhoHasAScreenHasACardForIt) {
    using Type = model::Video::Type;
    const auto card = [](std::string_view type) {
        return completed("<graphics type='vnc'/>", "<memory>1024</memory>", type).devices.videos.at(0).type;
    };
    EXPECT_EQ(card("<type>hvm</type>"), Type::cirrus);
    EXPECT_EQ(card("<type>xen</type>"), Type::xen);
    EXPECT_EQ(card("<type arch='ppc64le'>hvm</type>"), Type::vga);
    EXPECT_TRUE(completed("").devices.videos.empty());
}

TEST(TestDomain, ThePrimaryCardComesFirst) {
    const auto def =
        completed("<video><model type='vga'/></video><video><model type='qxl' primary='yes' vram='5'/></video>");
    const auto& videos = def.devices.videos;
    EXPECT_EQ(videos[0].type, model::Video::Type::qxl);
    EXPECT_EQ(videos[0].primary, true);
    EXPECT_EQ(videos[0].vram, 8u);  // a power of two
    EXPECT_EQ(videos[0].ram, 64u << 10);
    EXPECT_EQ(videos[1].vram, 16u << 10);
    EXPECT_EQ(videos[1].heads, 1u);
}

TEST(TestDomain, WordsOfOtherHypervisorsMeanNothing) {
    auto def = model::parse_domain(
        "<domain type='qemu' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'><name>a</name>"
        "<memory>1024</memory><os><type>hvm</type></os><qemu:commandline><qemu:arg value='-x'/></qemu:commandline>"
        "</domain>");
    EXPECT_NE(def.qemu, decltype(def.qemu){});
    complete(def);
    EXPECT_EQ(def.qemu, decltype(def.qemu){});
}

TEST(TestDomain, DescriptorsCannotBePassedToIt) {
    EXPECT_EQ(complaint("<disk type='file'><source file='/a' fdgroup='g'/><target dev='vda'/></disk>"),
              "unsupported configuration: driver does not support FD passing for disk 'vda'");
}

TEST(TestHost, TellsOfItsCellsAndTheirProcessors) {
    const Host host{.cells = {{.memory_kib = 4096, .page_kib = 4}, {.memory_kib = 8192, .page_kib = 8}}};
    const auto text = capabilities_document(host);
    const auto has = [&](std::string_view part) { return text.find(part) != text.npos; };
    EXPECT_TRUE(has("<cells num='2'>"));
    EXPECT_TRUE(has("<memory unit='KiB'>8192</memory>\n          <pages unit='KiB' size='8'>1024</pages>"));
    EXPECT_TRUE(has("<cpu id='15' socket_id='1' die_id='0' core_id='7' siblings='15'/>"));
    EXPECT_TRUE(has("<arch>i686</arch>\n      <features>\n        <pae/>\n        <nonpae/>\n      </features>"));
    EXPECT_TRUE(has("<os_type>xen</os_type>"));
}

}  // namespace
}  // namespace innkeeper::test
