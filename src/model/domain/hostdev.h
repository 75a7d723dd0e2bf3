#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/uuid.h"
#include "model/domain/device_info.h"
#include "model/domain/interface.h"
#include "model/domain/storage_source.h"
#include "xml/description.h"

namespace innkeeper::model {

/// A device of the host that the guest gets. Which members count depends on mode and type.
struct Hostdev {
    enum class Mode { subsystem, capabilities };
    enum class Type { usb, pci, scsi, scsi_host, mdev, storage, misc, net };
    enum class MdevModel { vfio_pci, vfio_ccw, vfio_ap };
    enum class ScsiHostModel { virtio, virtio_transitional, virtio_non_transitional };
    enum class Driver { default_, kvm, vfio, xen };

    Mode mode = Mode::subsystem;
    Type type = Type::pci;
    std::optional<bool> managed;
    std::optional<bool> raw_io;
    std::string sgio;
    std::optional<MdevModel> mdev_model;
    std::optional<ScsiHostModel> scsi_host_model;
    std::optional<bool> display, ramfb;
    std::optional<Driver> driver;
    std::optional<Teaming> teaming;

    std::optional<StartupPolicy> startup_policy;  // usb
    std::string guest_reset;
    std::optional<unsigned> vendor, product, bus, device;
    std::optional<bool> write_filtering;  // pci
    std::optional<PciAddress> pci;
    std::string scsi_adapter;  // scsi
    std::optional<unsigned> scsi_bus, scsi_target, scsi_unit;
    std::string iscsi_name;
    std::vector<StorageHost> iscsi_hosts;
    std::optional<StorageAuth> iscsi_auth;
    std::string iscsi_initiator;
    std::string wwpn;               // scsi_host
    std::optional<Uuid> mdev_uuid;  // mdev
    std::string path;               // the capabilities: block or character device, interface

    bool readonly = false, shareable = false;
    std::vector<IpAddress> addresses;
    std::vector<IpRoute> routes;
    DeviceInfo info;

    bool is_iscsi() const { return type == Type::scsi && !iscsi_name.empty(); }
    /// Equal for those that stand for the same device of the host; none if it is not known.
    std::optional<std::string> source_key() const;
    bool operator==(const Hostdev&) const = default;
};
constexpr auto names_of(Hostdev::Mode) { return xml::names("subsystem", "capabilities"); }
constexpr auto names_of(Hostdev::Type) {
    return xml::names("usb", "pci", "scsi", "scsi_host", "mdev", "storage", "misc", "net");
}
constexpr auto names_of(Hostdev::MdevModel) { return xml::names("vfio-pci", "vfio-ccw", "vfio-ap"); }
constexpr auto names_of(Hostdev::ScsiHostModel) {
    return xml::names("virtio", "virtio-transitional", "virtio-non-transitional");
}
constexpr auto names_of(Hostdev::Driver) { return xml::names("default", "kvm", "vfio", "xen"); }

extern const xml::Element<Hostdev> hostdev_element;

}  // namespace innkeeper::model
