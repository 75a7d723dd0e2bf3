#include "base/error.h"
#include "drivers/qemu/complete/steps.h"
#include "drivers/qemu/firmware/choice.h"

namespace innkeeper::qemu {

using model::Loader;
using model::Os;

namespace {

[[noreturn]] void unsupported(std::string sentence) { throw Error(ErrorCode::config_unsupported, std::move(sentence)); }

/// Whether the firmware keeps its variables in a file beside it.
bool has_variables(const Os& os) {
    return os.loader->type == Loader::Type::pflash && os.loader->stateless != true &&
           (os.nvram || os.loader->readonly == true);
}

}  // namespace

void settle_firmware(Completion& it) {
    Os& os = it.def.os;
    // What is chosen at the start gets its file then.
    if (os.firmware) {
        if (os.nvram == model::Nvram{}) os.nvram.reset();
        return;
    }
    if (!os.loader || !has_variables(os)) return;
    if (!os.nvram) os.nvram.emplace();
    auto& source = os.nvram->source;
    if (source.is_empty() && source.type == model::StorageSource::Type::file)
        source.path = nvram_path(it.host.nvram_folder, it.def.name);
}

void validate_firmware(const Completion& it) {
    const Os& os = it.def.os;
    if (!os.firmware && !os.firmware_features.empty())
        throw Error(ErrorCode::xml_detail, ErrorDomain::domain,
                    "cannot use feature-based firmware autoselection when firmware autoselection is disabled");
    const bool is_x86 = os.arch && model::is_x86(*os.arch);
    const bool is_uefi = os.firmware == Os::Firmware::efi || (os.loader && os.loader->type == Loader::Type::pflash);
    if (is_uefi && is_x86 && !it.def.features.acpi) unsupported("UEFI requires ACPI on this architecture");
    if (!is_uefi && os.arch == model::Architecture::aarch64 && it.def.features.acpi)
        unsupported("ACPI requires UEFI on this architecture");
    if (!os.loader || os.loader->secure != true) return;
    if (!is_q35(it.def)) unsupported("Secure boot is supported with q35 machine types only");
    // The choice sees to it that the machine has it.
    if (!os.firmware && it.def.features.smm != true) unsupported("Secure boot requires SMM feature enabled");
}

}  // namespace innkeeper::qemu
