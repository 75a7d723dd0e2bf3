#pragma once

#include <compare>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "model/nodedev/mdev.h"
#include "model/nodedev/vpd.h"
#include "xml/description.h"

namespace innkeeper::model::nodedev {

/// Where a function is on the host's PCI buses.
struct PciPlace {
    unsigned domain = 0, bus = 0, slot = 0, function = 0;
    auto operator<=>(const PciPlace&) const = default;
};

/// A virtual function's physical one.
struct PhysicalFunction {
    std::optional<PciPlace> address;
    bool operator==(const PhysicalFunction&) const = default;
};

/// A physical function's virtual ones.
struct VirtualFunctions {
    std::optional<unsigned> most;  ///< how many there can be
    std::vector<PciPlace> addresses;
    bool operator==(const VirtualFunctions&) const = default;
};

struct PciBridge {
    bool operator==(const PciBridge&) const = default;
};
struct CardbusBridge {
    bool operator==(const CardbusBridge&) const = default;
};

/// What a PCI device is besides; written in the order of the types.
struct PciCapability {
    std::variant<std::monostate, PhysicalFunction, VirtualFunctions, PciBridge, CardbusBridge, MdevTypes, Vpd> kind;
    bool operator==(const PciCapability&) const = default;
};

/// The devices that can only be given away together.
struct IommuGroup {
    unsigned number = 0;
    std::vector<PciPlace> addresses;
    bool operator==(const IommuGroup&) const = default;
};

struct PciExpress {
    enum class Speed { none, gt_2_5, gt_5, gt_8, gt_16, gt_32, gt_64 };  ///< as the link's registers number them
    struct Link {
        std::string validity;  ///< "cap": what it can do, "sta": what was negotiated
        std::optional<unsigned> port;
        Speed speed = Speed::none;
        unsigned width = 0;
        bool operator==(const Link&) const = default;
    };
    std::vector<Link> links;
    bool operator==(const PciExpress&) const = default;
};
constexpr auto names_of(PciExpress::Speed) { return xml::names("", "2.5", "5", "8", "16", "32", "64"); }

struct Pci {
    std::optional<unsigned> device_class;
    PciPlace place;
    unsigned product_id = 0, vendor_id = 0;
    std::string product, vendor;
    std::vector<PciCapability> capabilities;
    std::optional<IommuGroup> iommu_group;
    std::optional<int> numa_node;
    std::optional<PciExpress> express;
    bool operator==(const Pci&) const = default;
};

extern const xml::Element<Pci> pci;

}  // namespace innkeeper::model::nodedev
