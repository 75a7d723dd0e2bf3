#pragma once

#include <span>
#include <string>
#include <string_view>

#include "drivers/qemu/abilities/capabilities.h"
#include "drivers/qemu/firmware/descriptor.h"
#include "drivers/qemu/firmware/nvram.h"
#include "model/capabilities/domain_capabilities.h"

namespace innkeeper::qemu {

/// What a guest can have does not hang on its emulator alone.
struct DomainSurroundings {
    std::vector<FirmwareDescriptor> firmware;
    std::vector<FirmwarePair> firmware_pairs;  ///< of images without a description
    std::vector<std::string> tpm_versions;     ///< that the host's software TPM knows; empty: there is none
};

struct DomainChoice {
    std::string arch;
    std::string machine, virt_type;  ///< empty: the emulator's own choice
};

/// Throws Error where emulator, architecture, machine type and accelerator do not belong together.
model::DomainCapabilities domain_capabilities(const Capabilities& capabilities, const DomainChoice& choice,
                                              const DomainSurroundings& surroundings);

}  // namespace innkeeper::qemu
