#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "model/nodedev/pci.h"

/// The configuration space of a PCI device, as its bytes stand in the kernel's file.
namespace innkeeper::nodedev {

enum class PciHeader { device, pci_bridge, cardbus_bridge };
PciHeader header_of(std::string_view config);

/// What the device says of its link. Nothing if it is no PCI Express device.
std::optional<model::nodedev::PciExpress> express_of(std::string_view config);

}  // namespace innkeeper::nodedev
