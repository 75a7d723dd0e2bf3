#pragma once

#include <optional>
#include <string>
#include <vector>

#include "drivers/nodedev/pci_names.h"
#include "host/udev.h"
#include "model/nodedev/device.h"

/// The host's devices as documents, without their parents, which are known by their paths. All of it blocks: for the
/// pool.
namespace innkeeper::nodedev {

struct HostReading {
    std::vector<model::nodedev::Device> devices;  ///< the first is the host itself
    PciNames names;
};
HostReading read_host();

/// Nothing if there is no such device, or it is of a kind that is not listed.
std::optional<model::nodedev::Device> read_device(const std::string& path, const PciNames& names);

}  // namespace innkeeper::nodedev
