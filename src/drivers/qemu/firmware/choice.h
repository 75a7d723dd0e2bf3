#pragma once

#include <span>
#include <string>

#include "drivers/qemu/firmware/descriptor.h"
#include "model/domain/domain.h"

namespace innkeeper::qemu {

/// The variables of a guest whose definition names no file for them: `folder` is the daemon's own.
std::string nvram_path(const std::string& folder, std::string_view guest);

/// Decides what `<os firmware=…>` leaves open, for a guest that is about to run: the first description that fits gives
/// image, template and what the machine must have. A guest whose image was chosen by hand gets its template, if the
/// image is described. Throws the peer's sentence where nothing fits.
void choose_firmware(model::DomainDef& def, std::span<const FirmwareDescriptor> known, const std::string& nvram_folder);

}  // namespace innkeeper::qemu
