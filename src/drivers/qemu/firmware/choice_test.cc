#include "drivers/qemu/firmware/choice.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace innkeeper::qemu {

namespace {

using model::Loader;
using Mode = FirmwareDescriptor::Mode;

FirmwareDescriptor uefi(std::string name, std::set<std::string, std::less<>> features, Mode mode = Mode::split) {
    FirmwareDescriptor one;
    one.interfaces = {FirmwareDescriptor::Interface::uefi};
    one.mode = mode;
    one.code = {"/" + name, "raw"};
    if (mode == Mode::split) one.variables = {"/vars-" + name, "raw"};
    one.targets = {{model::Architecture::x86_64, {"pc-q35-*"}}};
    one.features = std::move(features);
    return one;
}

/// With what is inside `<os firmware='efi'>` besides the type, and inside `<features>`.
model::DomainDef guest(std::string_view os, std::string_view features = "<acpi/>") {
    return model::parse_domain(
        "<domain type='qemu'><name>g</name><memory>1024</memory><os firmware='efi'>"
        "<type arch='x86_64' machine='pc-q35-7.2'>hvm</type>" +
        std::string(os) + "</os><features>" + std::string(features) + "</features></domain>");
}

model::Os chosen(model::DomainDef def, std::vector<FirmwareDescriptor> known) {
    choose_firmware(def, known, "/nvram");
    return def.os;
}

std::string complaint(model::DomainDef def, std::vector<FirmwareDescriptor> known) {
    try {
        choose_firmware(def, known, "/nvram");
    } catch (const Error& error) {
        return error.message();
    }
    return {};
}

const auto secure = uefi("secure", {"secure-boot", "enrolled-keys", "requires-smm"});
const auto plain = uefi("plain", {});

}  // namespace

TEST(FirmwareChoice, TakesTheFirstThatFits) {
    auto def = guest("");
    choose_firmware(def, std::vector{secure, plain}, "/nvram");
    EXPECT_EQ(def.os.firmware, std::nullopt);
    EXPECT_EQ(def.os.loader, (Loader{.path = "/secure",
                                     .readonly = true,
                                     .secure = true,
                                     .stateless = {},
                                     .type = Loader::Type::pflash,
                                     .format = {}}));
    EXPECT_EQ(def.os.nvram->template_path, "/vars-secure");
    EXPECT_EQ(def.os.nvram->source.path, "/nvram/g_VARS.fd");
    EXPECT_EQ(def.features.smm, true);
}

TEST(FirmwareChoice, GivesWhatIsAskedFor) {
    EXPECT_EQ(
        chosen(guest("<firmware><feature enabled='no' name='secure-boot'/></firmware>"), {secure, plain}).loader->path,
        "/plain");
    EXPECT_EQ(chosen(guest("<firmware><feature enabled='yes' name='enrolled-keys'/></firmware>"), {plain, secure})
                  .loader->path,
              "/secure");
    EXPECT_EQ(chosen(guest("<loader secure='yes'/>"), {plain, secure}).loader->path, "/secure");
    EXPECT_EQ(chosen(guest("<nvram>/mine</nvram>"), {plain}).nvram->source.path, "/mine");
    const auto stateless = uefi("stateless", {}, Mode::stateless), combined = uefi("combined", {}, Mode::combined);
    EXPECT_EQ(chosen(guest("<loader stateless='yes'/>"), {plain, combined, stateless}).loader->path, "/stateless");
    EXPECT_EQ(chosen(guest(""), {stateless, combined, plain}).loader->path, "/plain");
}

TEST(FirmwareChoice, SaysThatNothingFits) {
    EXPECT_EQ(complaint(guest(""), {}), "operation failed: Unable to find any firmware to satisfy 'efi'");
    EXPECT_EQ(complaint(guest("", "<acpi/><smm state='off'/>"), {secure}),
              "Requested operation is not valid: domain has SMM turned off but chosen firmware requires it");
    auto other = plain;
    other.code.format = "qcow2";
    EXPECT_EQ(complaint(guest(""), {other}), "Operation not supported: unsupported flash format 'qcow2'");
}

TEST(FirmwareChoice, FindsTheTemplateOfAnImageChosenByHand) {
    auto def = model::parse_domain(
        "<domain type='qemu'><name>g</name><memory>1024</memory><os><type arch='x86_64' machine='pc-q35-7.2'>hvm</type>"
        "<loader readonly='yes' type='pflash'>/plain</loader><nvram>/mine</nvram></os></domain>");
    choose_firmware(def, std::vector{secure, plain}, "/nvram");
    EXPECT_EQ(def.os.nvram->template_path, "/vars-plain");
    EXPECT_EQ(def.os.nvram->source.path, "/mine");
    EXPECT_EQ(def.features.smm, std::nullopt);
}

}  // namespace innkeeper::qemu
