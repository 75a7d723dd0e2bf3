#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "xml/description.h"

/// Where a device sits: on which bus of which controller. One of several kinds, chosen by its `type`.
namespace innkeeper::model {

/// Identifiers that a PCI function has besides on s390.
struct Zpci {
    std::optional<unsigned> uid, fid;
    bool operator==(const Zpci&) const = default;
};

struct PciAddress {
    unsigned domain = 0, bus = 0, slot = 0, function = 0;
    std::optional<bool> multifunction;
    std::optional<Zpci> zpci;

    /// `<address type='pci'/>` alone asks for a PCI address without saying which.
    bool is_assigned() const { return domain || bus || slot || function; }
    /// Whether both name the same function.
    bool same_place(const PciAddress& other) const {
        return domain == other.domain && bus == other.bus && slot == other.slot && function == other.function;
    }
    bool operator==(const PciAddress&) const = default;
};

struct DriveAddress {
    unsigned controller = 0, bus = 0, target = 0, unit = 0;
    auto operator<=>(const DriveAddress&) const = default;
};

struct VirtioSerialAddress {
    unsigned controller = 0, bus = 0, port = 0;
    auto operator<=>(const VirtioSerialAddress&) const = default;
};

struct UsbAddress {
    unsigned bus = 0;
    std::string port;  ///< "1" or, behind hubs, "1.2.3"; empty: any
    auto operator<=>(const UsbAddress&) const = default;
};

struct CcidAddress {
    unsigned controller = 0, slot = 0;
    auto operator<=>(const CcidAddress&) const = default;
};

struct IsaAddress {
    unsigned iobase = 0, irq = 0;  ///< 0: the device's own
    auto operator<=>(const IsaAddress&) const = default;
};

struct SpaprVioAddress {
    std::optional<std::uint64_t> reg;
    auto operator<=>(const SpaprVioAddress&) const = default;
};

struct CcwAddress {
    std::optional<unsigned> cssid, ssid, devno;
    auto operator<=>(const CcwAddress&) const = default;
};

struct VirtioMmioAddress {
    auto operator<=>(const VirtioMmioAddress&) const = default;
};

struct DimmAddress {
    unsigned slot = 0;
    std::optional<std::uint64_t> base;
    auto operator<=>(const DimmAddress&) const = default;
};

struct UnassignedAddress {
    auto operator<=>(const UnassignedAddress&) const = default;
};

/// The first: none yet.
using Address =
    std::variant<std::monostate, PciAddress, DriveAddress, VirtioSerialAddress, UsbAddress, CcidAddress, IsaAddress,
                 SpaprVioAddress, CcwAddress, VirtioMmioAddress, DimmAddress, UnassignedAddress>;

extern const xml::Element<PciAddress> pci_address_element;
/// The address of a device of the host, which is written even where it is 0000:00:00.0.
extern const xml::Element<PciAddress> host_pci_address_element;
extern const xml::Element<DriveAddress> drive_address_element;
extern const xml::Element<VirtioSerialAddress> virtio_serial_address_element;
extern const xml::Element<UsbAddress> usb_address_element;
extern const xml::Element<CcidAddress> ccid_address_element;
extern const xml::Element<IsaAddress> isa_address_element;
extern const xml::Element<SpaprVioAddress> spapr_vio_address_element;
extern const xml::Element<CcwAddress> ccw_address_element;
extern const xml::Element<VirtioMmioAddress> virtio_mmio_address_element;
extern const xml::Element<DimmAddress> dimm_address_element;
extern const xml::Element<UnassignedAddress> unassigned_address_element;

}  // namespace innkeeper::model
