#include "drivers/qemu/command/command.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "base/error.h"

namespace innkeeper::qemu {
namespace {

namespace fs = std::filesystem;

Capabilities emulator() {
    Capabilities capabilities;
    capabilities.arch = "x86_64";
    capabilities.machines = {
        {.name = "pc-i440fx-7.2", .alias = "pc", .default_cpu = "qemu64-x86_64-cpu", .default_ram = "pc.ram"},
        {.name = "pc-q35-7.2", .alias = "q35", .default_cpu = "qemu64-x86_64-cpu", .default_ram = "pc.ram"}};
    capabilities.types = {"thread-context"};
    return capabilities;
}

CommandContext context(CommandContext::Purpose purpose = CommandContext::Purpose::start) {
    CommandContext context;
    context.purpose = purpose;
    context.id = 7;
    context.directory = "/lib/domain-7-t";
    context.channel_directory = "/lib/channel/domain-7-t";
    context.memory_directory = "/lib/ram/7-t";
    context.state_directory = "/run/qemu";
    context.environment = guest_environment("/bin", context.directory);
    context.now = 1700000000;
    context.scsi_generics = {{"4:1:2:3", "/dev/sg7"}};
    return context;
}

CommandLine command(std::string_view text, CommandContext settings = context()) {
    model::DomainDef domain = model::parse_domain(text, {.live = true});
    prepare_run(domain, settings);
    for (const NeededSecret& secret : needed_secrets(domain, emulator(), settings))
        settings.secrets[secret.id] = {.data = "c2VhbGVk", .iv = "aXY="};
    return build_command(domain, emulator(), settings);
}

std::string guest(std::string_view devices, std::string_view more = "") {
    return "<domain type='qemu'><name>t</name><uuid>1b6f5a6e-7f0f-4d4a-9a54-0f4a3a4f00ff</uuid>"
           "<memory unit='MiB'>64</memory>" +
           std::string(more) + "<os><type arch='x86_64' machine='pc-i440fx-7.2'>hvm</type></os><devices>" +
           "<emulator>/usr/bin/qemu-system-x86_64</emulator><controller type='pci' index='0' model='pci-root'/>" +
           std::string(devices) + "</devices></domain>";
}

std::string complaint(const std::string& text) {
    try {
        command(text);
    } catch (const Error& error) {
        return error.message();
    }
    return "";
}

/// The words behind the first option of that name.
std::string value_of(const CommandLine& line, std::string_view option) {
    for (std::size_t i = 0; i + 1 < line.args.size(); ++i)
        if (line.args[i] == option) return line.args[i + 1];
    return "";
}

std::string contents(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

TEST(Command, MakesTheRecordedWords) {
    const fs::path folder = fs::path(INNKEEPER_SOURCE_DIR) / "tests/golden/argv";
    unsigned seen = 0;
    for (const auto& entry : fs::directory_iterator(folder)) {
        if (entry.path().extension() != ".xml") continue;
        ++seen;
        fs::path golden = entry.path();
        golden.replace_extension(".args");
        const std::string text = command(contents(entry.path())).log_text();
        if (std::getenv("INNKEEPER_ACCEPT")) std::ofstream(golden, std::ios::binary) << text;
        EXPECT_EQ(text, contents(golden)) << entry.path();
    }
    EXPECT_GE(seen, 2U);
}

TEST(Command, QuotesWordsForAShellOnlyWhereNeeded) {
    EXPECT_EQ(shell_quoted("a=b,c:%@/x"), "a=b,c:%@/x");
    EXPECT_EQ(shell_quoted(""), "''");
    EXPECT_EQ(shell_quoted("a b"), "'a b'");
    EXPECT_EQ(shell_quoted("it's"), "'it'\\''s'");
}

TEST(Command, WritesTheLogWithAnOptionALine) {
    const CommandLine line{
        .emulator = "/q", .environment = {{"A", "b c"}}, .args = {"-S", "-name", "x y", "-m", "1"}, .descriptors = {}};
    EXPECT_EQ(line.log_text(), "A='b c' \\\n/q \\\n-S \\\n-name 'x y' \\\n-m 1\n");
    EXPECT_EQ(line.native_text(), "A='b c' /q -S -name 'x y' -m 1");
}

TEST(Command, CutsNamesBetweenCharacters) {
    EXPECT_EQ(short_name(3, "short"), "3-short");
    EXPECT_EQ(short_name(-1, "äöüäöüäöüäöüäöüäöüäöü"), "-1-äöüäöüäöüäöüäöüäöüäö");
}

TEST(Command, DoublesCommasInValues) {
    const auto line = command(guest("", "<title>x</title>"));
    EXPECT_EQ(value_of(line, "-name"), "guest=t,debug-threads=on");
    model::DomainDef domain = model::parse_domain(guest(""), {.live = true});
    domain.name = "a,b";
    EXPECT_EQ(value_of(build_command(domain, emulator(), context()), "-name"), "guest=a,,b,debug-threads=on");
}

TEST(Command, NumbersTheDescriptorsThatItNames) {
    const auto line = command(
        guest("<interface type='bridge'><mac address='52:54:00:00:00:01'/><source bridge='b'/><model type='e1000'/>"
              "<alias name='net0'/></interface>"
              "<serial type='pty'><log file='/l'/><target port='0'/><alias name='serial0'/></serial>"));
    ASSERT_EQ(line.descriptors.size(), 3U);
    EXPECT_EQ(line.descriptors[0].kind, PassedFd::Kind::monitor);
    EXPECT_EQ(line.descriptors[1].kind, PassedFd::Kind::tap);
    EXPECT_EQ(line.descriptors[1].alias, "net0");
    EXPECT_EQ(line.descriptors[2].kind, PassedFd::Kind::log);
    EXPECT_EQ(value_of(line, "-netdev"), R"({"type":"tap","fd":"4","id":"hostnet0"})");
    EXPECT_EQ(value_of(line, "-add-fd"), "set=0,fd=5,opaque=serial0-log");
}

TEST(Command, RefusesByNameWhatItCannotPassOn) {
    EXPECT_EQ(complaint(guest("<memballoon model='virtio'/>", "<keywrap><cipher name='aes' state='on'/></keywrap>")),
              "unsupported configuration: aes-key-wrap is not available with this QEMU binary");
    EXPECT_EQ(complaint(guest("<interface type='internal'><source name='x'/><alias name='net0'/></interface>")),
              "unsupported configuration: <interface type='internal'> is not supported by QEMU");
}

TEST(Command, RefusesForWordsAloneWhatOnlyAHostKnows) {
    const auto complaint_of = [](const std::string& hostdev) {
        try {
            command(guest(hostdev), context(CommandContext::Purpose::native));
        } catch (const Error& error) {
            return error.message();
        }
        return std::string();
    };
    EXPECT_EQ(complaint_of("<hostdev mode='subsystem' type='pci'><source><address bus='6' slot='0x12'/></source>"
                           "<alias name='hostdev0'/></hostdev>"),
              "internal error: invalid PCI passthrough type 'default'");
    EXPECT_EQ(complaint_of("<hostdev mode='subsystem' type='usb'><source><vendor id='1'/><product id='2'/></source>"
                           "<alias name='hostdev0'/></hostdev>"),
              "internal error: USB host device is missing bus/device information");
    EXPECT_EQ(complaint_of("<graphics type='vnc' autoport='no'/>"),
              "unsupported configuration: vnc port must be in range [5900,65535]");
}

TEST(Command, RefusesMoreMemoryThanCanBeCounted) {
    EXPECT_EQ(complaint(guest("", "<cpu><numa><cell id='0' cpus='0' memory='9007199254740991'/></numa></cpu>")),
              "unsupported configuration: memory size of NUMA node '0' overflowed after alignment");
}

TEST(Command, ChangesMembersThatTheUserOverrides) {
    std::string text =
        guest("<memballoon model='virtio'><alias name='balloon0'/></memballoon>",
              "<qemu:override xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'><qemu:device "
              "alias='balloon0'><qemu:frontend>"
              "<qemu:property name='x' type='unsigned' value='5'/></qemu:frontend></qemu:device></qemu:override>");
    EXPECT_EQ(value_of(command(text), "-device"), R"({"driver":"virtio-balloon-pci","id":"balloon0","x":5})");
}

TEST(Command, NumbersImagesFromTheLastDiskOnAndChainsDownwards) {
    model::DomainDef domain = model::parse_domain(
        guest("<disk type='file'><driver name='qemu' type='qcow2'/><source file='/a'/><backingStore type='file'>"
              "<format type='raw'/><source file='/b'/></backingStore><target dev='vda' bus='virtio'/></disk>"
              "<disk type='file'><driver name='qemu' type='raw'/><source file='/c'/><target dev='vdb' "
              "bus='virtio'/></disk>"),
        {.live = true});
    number_images(domain);
    EXPECT_EQ(domain.devices.disks[1].source.index, 1U);
    EXPECT_EQ(domain.devices.disks[0].source.index, 2U);
    EXPECT_EQ(domain.devices.disks[0].backing->source.index, 3U);
}

}  // namespace
}  // namespace innkeeper::qemu
