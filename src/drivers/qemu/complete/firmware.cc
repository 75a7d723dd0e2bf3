#include <fmt/format.h>

#include "base/error.h"
#include "drivers/qemu/complete/steps.h"

namespace innkeeper::qemu {

using model::Loader;
using model::Os;

void settle_firmware(Completion& it) {
    Os& os = it.def.os;
    if (os.loader && os.loader->type == Loader::Type::pflash && os.nvram && os.nvram->source.is_empty() &&
        os.nvram->source.type == model::StorageSource::Type::file && !os.firmware)
        os.nvram->source.path = fmt::format("{}/{}_VARS.fd", it.host.nvram_folder, it.def.name);
}

void validate_firmware(const Completion& it) {
    const Os& os = it.def.os;
    if (os.loader && os.loader->type == Loader::Type::pflash && !it.def.features.acpi)
        throw Error(ErrorCode::config_unsupported, "UEFI requires ACPI on this architecture");
}

}  // namespace innkeeper::qemu
