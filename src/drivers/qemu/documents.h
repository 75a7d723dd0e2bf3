#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "drivers/qemu/abilities/capabilities.h"

namespace innkeeper::qemu {

/// `<capabilities>`: the host, and the guests that its emulators can run. `dac` is as for write_host.
std::string capabilities_document(const std::vector<CapabilitiesPtr>& emulators, std::string_view dac);

/// `<domainCapabilities>` of one emulator, machine type and accelerator; empty strings mean its own choice. Throws
/// Error where they do not belong together.
std::string domain_capabilities_document(const Capabilities& capabilities, std::string_view arch,
                                         std::string_view machine, std::string_view virt_type);

}  // namespace innkeeper::qemu
