#include "drivers/qemu/firmware/descriptor.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>

#include "base/error.h"

namespace innkeeper::qemu {

namespace {

using model::Architecture;

constexpr std::string_view split = R"({
  "description": "UEFI", "interface-types": ["uefi"],
  "mapping": {"device": "flash", "executable": {"filename": "/CODE.fd", "format": "raw"},
              "nvram-template": {"filename": "/VARS.fd", "format": "raw"}},
  "targets": [{"architecture": "x86_64", "machines": ["pc-q35-*", "pc-i440fx-?.0"]}],
  "features": ["acpi-s3", "something-new"], "tags": []})";

std::string with(std::string_view from, std::string_view to) {
    std::string text(split);
    return text.replace(text.find(from), from.size(), to);
}

std::string complaint(const std::string& text) {
    try {
        parse_firmware_descriptor(text, "/f.json");
    } catch (const Error& error) {
        return error.message();
    }
    return {};
}

}  // namespace

TEST(FirmwareDescriptor, IsReadWhole) {
    const auto found = parse_firmware_descriptor(split, "/f.json");
    EXPECT_EQ(found.interfaces, std::set{FirmwareDescriptor::Interface::uefi});
    EXPECT_EQ(found.device, FirmwareDescriptor::Device::flash);
    EXPECT_EQ(found.mode, FirmwareDescriptor::Mode::split);
    EXPECT_EQ(found.code, (FirmwareDescriptor::Image{"/CODE.fd", "raw"}));
    EXPECT_EQ(found.variables, (FirmwareDescriptor::Image{"/VARS.fd", "raw"}));
    EXPECT_TRUE(found.has("acpi-s3"));
    EXPECT_FALSE(found.has("secure-boot"));
}

TEST(FirmwareDescriptor, ServesTheMachinesOfItsPatterns) {
    const auto found = parse_firmware_descriptor(split, "/f.json");
    EXPECT_TRUE(found.serves(Architecture::x86_64, "pc-q35-7.2"));
    EXPECT_TRUE(found.serves(Architecture::x86_64, "pc-i440fx-6.0"));
    EXPECT_FALSE(found.serves(Architecture::x86_64, "pc-i440fx-6.2"));
    EXPECT_FALSE(found.serves(Architecture::x86_64, "q35"));
    EXPECT_FALSE(found.serves(Architecture::i686, "pc-q35-7.2"));
    const auto many = parse_firmware_descriptor(with("pc-q35-*", "*a*a*a*a*b"), "/f.json");
    EXPECT_FALSE(many.serves(Architecture::x86_64, std::string(5000, 'a')));
    EXPECT_TRUE(many.serves(Architecture::x86_64, "xaaaaab"));
}

TEST(FirmwareDescriptor, SaysWhatItLacks) {
    EXPECT_EQ(complaint("{"), "internal error: unable to parse json file '/f.json'");
    EXPECT_EQ(complaint("[]"), "internal error: failed to get interface-types from '/f.json'");
    EXPECT_EQ(complaint(with("\"uefi\"", "\"foo\"")), "internal error: unknown interface type: 'foo'");
    EXPECT_EQ(complaint(with("\"mapping\"", "\"map\"")), "internal error: missing mapping in '/f.json'");
    EXPECT_EQ(complaint(with("\"flash\"", "\"rock\"")), "internal error: unknown device type in '/f.json'");
    EXPECT_EQ(complaint(with("\"flash\"", "\"flash\", \"mode\": \"x\"")),
              "internal error: Firmware flash mode value 'x' unexpected");
    EXPECT_EQ(complaint(with("nvram-template", "x")), "internal error: missing 'nvram-template' in '/f.json'");
    EXPECT_EQ(complaint(with(", \"format\"", ", \"x\"")), "internal error: missing 'format' in '/f.json'");
    EXPECT_EQ(complaint(with("x86_64", "vax")), "internal error: unknown architecture 'vax'");
    EXPECT_EQ(complaint(with("machines", "x")), "internal error: missing 'machines' in '/f.json'");
    EXPECT_EQ(complaint(with("\"features\"", "\"x\"")), "internal error: failed to get features from '/f.json'");
}

TEST(FirmwareDescriptor, IsHiddenByAFileOfTheSameName) {
    std::string root = testing::TempDir() + "firmware-XXXXXX";
    ASSERT_NE(::mkdtemp(root.data()), nullptr);
    const auto put = [&](std::string_view name, std::string_view path) {
        const std::filesystem::path file = root + "/" + std::string(name);
        std::filesystem::create_directories(file.parent_path());
        std::ofstream(file) << (path.empty() ? std::string() : with("/CODE.fd", path));
    };
    put("usr/20.json", "/usr-20");
    put("usr/30.json", "/usr-30");
    put("usr/40.json", "/usr-40");
    put("usr/.10.json", "/hidden");
    put("etc/30.json", "/etc-30");
    put("etc/35.json", "/etc-35");
    put("etc/40.json", "");
    std::vector<std::string> paths;
    for (const auto& one : read_firmware_descriptors({root + "/none", root + "/etc", root + "/usr"}))
        paths.push_back(one.code.path);
    EXPECT_EQ(paths, (std::vector<std::string>{"/usr-20", "/etc-30", "/etc-35"}));
    std::filesystem::remove_all(root);
}

}  // namespace innkeeper::qemu
