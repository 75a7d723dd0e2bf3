#pragma once

#include <optional>
#include <string>

#include "model/domain/address.h"
#include "xml/description.h"

namespace innkeeper::model {

/// When the firmware should try to boot from a device; no two devices may have the same order.
struct DeviceBoot {
    std::optional<unsigned> order;
    std::string loadparm;  ///< s390: what the boot loader is told
    bool operator==(const DeviceBoot&) const = default;
};

/// The option ROM of a PCI device.
struct Rom {
    std::optional<bool> enabled, bar;
    std::optional<std::string> file;
    bool operator==(const Rom&) const = default;
};

/// What every device has: its name among the devices, its place, and its turn at boot.
struct DeviceInfo {
    /// A user's own starts with "ua-"; every other is the daemon's, given at start.
    std::string alias;
    Address address;
    DeviceBoot boot;
    Rom rom;
    std::optional<unsigned> acpi_index;
    std::optional<unsigned> master_startport;  ///< of a USB companion controller: its first port on its master

    /// The address, if it is of this kind: `info.at<PciAddress>()`.
    template <class A>
    const A* at() const {
        return std::get_if<A>(&address);
    }
    template <class A>
    A* at() {
        return std::get_if<A>(&address);
    }
    bool has_address() const { return !std::holds_alternative<std::monostate>(address); }

    bool operator==(const DeviceInfo&) const = default;
};

/// Switches that all virtio devices have.
struct VirtioOptions {
    std::optional<bool> iommu, ats, packed, page_per_vq;
    bool operator==(const VirtioOptions&) const = default;
};

extern const xml::Element<DeviceInfo> device_info_element;
extern const xml::Element<VirtioOptions> virtio_options_element;

}  // namespace innkeeper::model
