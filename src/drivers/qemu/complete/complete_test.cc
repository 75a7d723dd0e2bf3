#include "drivers/qemu/complete/complete.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

#include "base/error.h"

namespace innkeeper::qemu {
namespace {

namespace fs = std::filesystem;

/// As much of QEMU 7.2 as the steps ask for.
Capabilities emulator() {
    Capabilities caps;
    caps.binary = "/usr/bin/qemu-system-x86_64";
    caps.major = 7;
    caps.minor = 2;
    caps.arch = "x86_64";
    caps.machines = {{.name = "pc-i440fx-7.2",
                      .alias = "pc",
                      .max_cpus = 255,
                      .is_default = true,
                      .default_cpu = "qemu64-x86_64-cpu"},
                     {.name = "pc-q35-7.2", .alias = "q35", .max_cpus = 288, .default_cpu = "qemu64-x86_64-cpu"}};
    caps.tcg_cpus = {{.name = "qemu64", .type = "qemu64-x86_64-cpu"}};
    caps.types = {"piix3-usb-uhci", "qemu-xhci",  "nec-usb-xhci", "lsi53c895a",     "virtio-scsi-pci", "rtl8139",
                  "e1000",          "cirrus-vga", "VGA",          "virtio-net-pci", "virtio-gpu-pci"};
    return caps;
}

HostFacts host() {
    HostFacts facts;
    facts.emulators[model::Architecture::x86_64] = "/usr/bin/qemu-system-x86_64";
    facts.seed = 7;
    return facts;
}

model::DomainDef completed(const std::string& text) {
    auto def = model::parse_domain(text);
    choose_emulator(def, host());
    return complete(std::move(def), emulator(), host());
}

std::string with_devices(const std::string& machine, const std::string& devices, const std::string& more = "") {
    return "<domain type='qemu'><name>t</name><uuid>1b6f5a6e-7f0f-4d4a-9a54-0f4a3a4f00ff</uuid>"
           "<memory unit='MiB'>64</memory>" +
           more + "<os><type machine='" + machine + "'>hvm</type></os><devices>" + devices + "</devices></domain>";
}

std::string complaint(const std::string& text) {
    try {
        completed(text);
    } catch (const Error& error) {
        return error.message();
    }
    return "";
}

std::string contents(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

/// A guest with one node, room for modules and those that are given.
std::string with_modules(const std::string& modules) {
    return with_devices("pc", modules,
                        "<maxMemory slots='2' unit='MiB'>4096</maxMemory>"
                        "<cpu><numa><cell id='0' cpus='0' memory='65536'/></numa></cpu>");
}

std::string module(const std::string& target, const std::string& rest = "") {
    return "<memory model='dimm'><target><size unit='MiB'>64</size>" + target + "</target>" + rest + "</memory>";
}

TEST(Complete, RefusesModulesThatHaveNoPlace) {
    EXPECT_THAT(complaint(with_modules(module(""))), testing::HasSubstr("target NUMA node needs to be specified"));
    const std::string node = "<node>0</node>", slot = "<address type='dimm' slot='1' base='0x100000000'/>";
    EXPECT_THAT(complaint(with_modules(module(node, slot) + module(node, slot))),
                testing::HasSubstr("slot '1' is already being used"));
    EXPECT_THAT(complaint(with_modules(module(node, slot) +
                                       module(node, "<address type='dimm' slot='0' base='0x100000000'/>"))),
                testing::HasSubstr("base '0x100000000' is already being used"));
    EXPECT_THAT(complaint(with_modules(module(node, "<address type='dimm' slot='2'/>"))),
                testing::HasSubstr("slot '2' exceeds slots count '2'"));
}

TEST(Complete, CountsNodesAndModulesAsTheMemoryThatThereIsNow) {
    const auto def = completed(with_modules(module("<node>0</node>")));
    EXPECT_EQ(def.memory_kib, 131072U);
    EXPECT_EQ(def.current_memory_kib, 131072U);
}

TEST(Complete, MakesTheRecordedDocuments) {
    const fs::path folder = fs::path(INNKEEPER_SOURCE_DIR) / "tests/golden/complete";
    unsigned seen = 0;
    for (const auto& entry : fs::directory_iterator(folder)) {
        const std::string name = entry.path().filename().string();
        if (!name.ends_with(".in.xml")) continue;
        ++seen;
        const fs::path golden = folder / (name.substr(0, name.size() - 7) + ".out.xml");
        const std::string text = model::format_domain(completed(contents(entry.path())), {.inactive = true});
        if (std::getenv("INNKEEPER_ACCEPT")) std::ofstream(golden, std::ios::binary) << text;
        EXPECT_EQ(text, contents(golden)) << name;
    }
    EXPECT_GE(seen, 5u);
}

std::vector<std::string> sorted_lines(const std::string& text) {
    std::vector<std::string> lines;
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);) lines.push_back(line);
    std::ranges::sort(lines);
    return lines;
}

TEST(Complete, ChangesNothingAboutACompleteDefinition) {
    const fs::path folder = fs::path(INNKEEPER_SOURCE_DIR) / "tests/golden/complete";
    for (const auto& entry : fs::directory_iterator(folder)) {
        if (!entry.path().string().ends_with(".out.xml")) continue;
        // Controllers that were added at the end move beside their kind when the document is next read.
        const std::string text = contents(entry.path());
        const std::string again = model::format_domain(completed(text), {.inactive = true});
        EXPECT_EQ(sorted_lines(again), sorted_lines(text)) << entry.path();
        EXPECT_EQ(model::format_domain(completed(again), {.inactive = true}), again) << entry.path();
    }
}

TEST(Complete, MakesAnAddressForACardWithout) {
    const auto def = completed(with_devices("pc", "<interface type='user'/>"));
    const auto& card = def.devices.interfaces.at(0);
    ASSERT_TRUE(card.mac);
    EXPECT_THAT(card.mac->text(), testing::StartsWith("52:54:00:"));
    EXPECT_EQ(card.model, "rtl8139");
}

TEST(Complete, RefusesWhatTheEmulatorDoesNotHave) {
    EXPECT_EQ(complaint(with_devices("pc-i440fx-9.9", "")),
              "unsupported configuration: Emulator '/usr/bin/qemu-system-x86_64' does not support machine type "
              "'pc-i440fx-9.9'");
    EXPECT_EQ(complaint(with_devices("nope", "")), "XML error: No PCI buses available");
    EXPECT_EQ(complaint(with_devices("pc", "", "<vcpu>256</vcpu>")),
              "unsupported configuration: Maximum CPUs greater than specified machine type limit 255");
}

TEST(Complete, KnowsNoEmulatorForAnArchitectureThatIsNotInstalled) {
    auto def = model::parse_domain(
        "<domain type='qemu'><name>t</name><memory>65536</memory>"
        "<os><type arch='aarch64'>hvm</type></os></domain>");
    EXPECT_THROW(
        {
            try {
                choose_emulator(def, host());
            } catch (const Error& error) {
                EXPECT_EQ(error.message(), "unsupported configuration: No emulator found for arch 'aarch64'");
                throw;
            }
        },
        Error);
}

TEST(Complete, RefusesTwoDevicesAtOnePlace) {
    const std::string place = "<address type='pci' bus='0' slot='5' function='0'/>";
    EXPECT_EQ(complaint(with_devices("pc", "<watchdog model='i6300esb'>" + place +
                                               "</watchdog><memballoon model='virtio'>" + place + "</memballoon>")),
              "XML error: Attempted double use of PCI Address 0000:00:05.0");
    EXPECT_EQ(complaint(with_devices("pc",
                                     "<input type='mouse' bus='usb'><address type='usb' bus='0' port='1'/></input>"
                                     "<input type='mouse' bus='usb'><address type='usb' bus='0' port='1'/></input>")),
              "XML error: Duplicate USB address bus 0 port 1");
}

TEST(Aliases, NameEveryDeviceAsTheMonitorWill) {
    auto def =
        completed(with_devices("pc",
                               "<disk type='file'><source file='/a'/><target dev='vda' bus='virtio'/></disk>"
                               "<disk type='file'><source file='/b'/><target dev='sda' bus='scsi'/></disk>"
                               "<disk type='file' device='cdrom'><target dev='hdc' bus='ide'/></disk>"
                               "<serial type='pty'/><interface type='user'><alias name='ua-mine'/></interface>"));
    assign_aliases(def);
    const auto& d = def.devices;
    EXPECT_EQ(d.disks[0].info.alias, "virtio-disk0");
    EXPECT_EQ(d.disks[1].info.alias, "scsi0-0-0");
    EXPECT_EQ(d.disks[2].info.alias, "ide0-1-0");
    EXPECT_EQ(d.serials[0].info.alias, "serial0");
    EXPECT_EQ(d.consoles[0].info.alias, "serial0");
    EXPECT_EQ(d.interfaces[0].info.alias, "ua-mine");
    EXPECT_EQ(d.memballoon->info.alias, "balloon0");
    std::vector<std::string> controllers;
    for (const auto& controller : d.controllers) controllers.push_back(controller.info.alias);
    EXPECT_THAT(controllers, testing::ElementsAre("usb", "pci.0", "scsi0", "ide"));
}

TEST(Complete, GrowsHubsForMoreUsbDevicesThanPorts) {
    std::string mice;
    for (int i = 0; i < 20; ++i) mice += "<input type='mouse' bus='usb'/>";
    const auto def = completed(with_devices("pc", mice));
    ASSERT_EQ(def.devices.hubs.size(), 3u);
    EXPECT_EQ(def.devices.hubs[2].info.at<model::UsbAddress>()->port, "1.1");
    EXPECT_EQ(def.devices.inputs[19].info.at<model::UsbAddress>()->port, "2.5");
}

}  // namespace
}  // namespace innkeeper::qemu
