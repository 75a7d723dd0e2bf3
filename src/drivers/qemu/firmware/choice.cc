#include "drivers/qemu/firmware/choice.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"

namespace innkeeper::qemu {

using model::DomainDef;
using model::Loader;
using model::Os;
using Device = FirmwareDescriptor::Device;
using Interface = FirmwareDescriptor::Interface;
using Mode = FirmwareDescriptor::Mode;

namespace {

/// Bit of a SEV guest's policy: the registers are encrypted as well.
constexpr unsigned encrypted_state = 0x4;

bool suits_flash(const FirmwareDescriptor& descriptor, const Os& os) {
    const bool is_stateless = os.loader && os.loader->stateless == true;
    return descriptor.mode == (is_stateless ? Mode::stateless : Mode::split);
}

/// What a guest whose memory is encrypted asks for.
bool suits_security(const FirmwareDescriptor& descriptor, const DomainDef& def) {
    const auto& security = def.launch_security;
    if (!security || security->type != model::LaunchSecurity::Type::sev) return true;
    const bool has_encrypted_state = (security->policy.value_or(0) & encrypted_state) != 0;
    return descriptor.has(has_encrypted_state ? "amd-sev-es" : "amd-sev");
}

bool suits(const FirmwareDescriptor& descriptor, const DomainDef& def) {
    const Os& os = def.os;
    if (!descriptor.interfaces.contains(os.firmware == Os::Firmware::efi ? Interface::uefi : Interface::bios) ||
        !os.arch || !descriptor.serves(*os.arch, os.machine))
        return false;
    for (const auto& [name, enabled] : os.firmware_features)
        if (name && descriptor.has(xml::name(*name)) != enabled.value_or(false)) return false;
    if (os.loader && os.loader->secure == true && !descriptor.has("requires-smm")) return false;
    if (def.suspend_to_mem == true && !descriptor.has("acpi-s3")) return false;
    if (def.suspend_to_disk == true && !descriptor.has("acpi-s4")) return false;
    if (descriptor.device == Device::flash && !suits_flash(descriptor, os)) return false;
    return suits_security(descriptor, def);
}

void require_raw(const FirmwareDescriptor::Image& image, std::string_view what) {
    if (image.format != "raw")
        throw Error(ErrorCode::operation_unsupported, fmt::format("unsupported {} format '{}'", what, image.format));
}

void use_flash(const FirmwareDescriptor& descriptor, DomainDef& def, const std::string& nvram_folder) {
    require_raw(descriptor.code, "flash");
    Loader& loader = *def.os.loader;
    loader.type = Loader::Type::pflash;
    loader.readonly = true;
    loader.path = descriptor.code.path;
    if (descriptor.mode != Mode::split) return;
    require_raw(descriptor.variables, "nvram template");
    if (!def.os.nvram) def.os.nvram.emplace();
    auto& nvram = *def.os.nvram;
    nvram.template_path = descriptor.variables.path;
    if (nvram.source.is_empty()) nvram.source.path = nvram_path(nvram_folder, def.name);
}

void use(const FirmwareDescriptor& descriptor, DomainDef& def, const std::string& nvram_folder) {
    if (descriptor.device == Device::kernel) {
        def.os.kernel = descriptor.code.path;
    } else {
        if (!def.os.loader) def.os.loader.emplace();
        if (descriptor.device == Device::flash) {
            use_flash(descriptor, def, nvram_folder);
        } else {
            def.os.loader->type = Loader::Type::rom;
            def.os.loader->path = descriptor.code.path;
        }
    }
    if (!descriptor.has("requires-smm")) return;
    if (def.features.smm == false)
        throw Error(ErrorCode::operation_invalid, "domain has SMM turned off but chosen firmware requires it");
    def.features.smm = true;
    if (def.os.loader) def.os.loader->secure = true;
}

/// The template of an image that was chosen by hand.
void find_template(DomainDef& def, std::span<const FirmwareDescriptor> known) {
    const auto& loader = def.os.loader;
    if (!loader || loader->type != Loader::Type::pflash || !def.os.nvram || !def.os.nvram->template_path.empty())
        return;
    const auto found = std::ranges::find_if(known, [&](const FirmwareDescriptor& one) {
        return one.device == Device::flash && one.mode == Mode::split && one.code.path == loader->path;
    });
    if (found != known.end()) def.os.nvram->template_path = found->variables.path;
}

}  // namespace

std::string nvram_path(const std::string& folder, std::string_view guest) {
    return fmt::format("{}/{}_VARS.fd", folder, guest);
}

void choose_firmware(DomainDef& def, std::span<const FirmwareDescriptor> known, const std::string& nvram_folder) {
    Os& os = def.os;
    if (!os.firmware) return find_template(def, known);
    const auto found = std::ranges::find_if(known, [&](const auto& descriptor) { return suits(descriptor, def); });
    if (found == known.end())
        throw Error(ErrorCode::operation_failed,
                    fmt::format("Unable to find any firmware to satisfy '{}'", xml::name(*os.firmware)));
    use(*found, def, nvram_folder);
    os.firmware.reset();
}

}  // namespace innkeeper::qemu
