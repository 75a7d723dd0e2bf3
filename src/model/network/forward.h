#pragma once

#include <optional>
#include <string>
#include <vector>

#include "model/network/address.h"
#include "xml/description.h"

namespace innkeeper::model {

struct NetworkPciAddress {
    unsigned domain = 0, bus = 0, slot = 0, function = 0;
    /// "0000:03:00.1"
    std::string text() const;
    bool operator==(const NetworkPciAddress&) const = default;
};

/// How guests on the network reach the outside.
struct Forward {
    enum class Mode { none, nat, route, open, bridge, private_, vepa, passthrough, hostdev };
    enum class Driver { kvm, vfio, xen };
    struct Interface {
        std::optional<std::string> dev;
        bool operator==(const Interface&) const = default;
    };
    std::optional<std::string> dev;  ///< the first of the interfaces
    Mode mode = Mode::nat;
    std::string managed;  ///< "yes"; with devices of the host's "no", too
    std::optional<Driver> driver;
    std::optional<bool> nat_ipv6;
    std::optional<NetworkAddress> nat_first, nat_last;  ///< addresses that guests appear with
    std::optional<std::uint16_t> nat_port_first, nat_port_last;
    std::optional<std::string> physical_function;
    std::vector<Interface> interfaces;
    std::vector<NetworkPciAddress> addresses;
    bool operator==(const Forward&) const = default;
};
constexpr auto names_of(Forward::Mode) {
    return xml::names("none", "nat", "route", "open", "bridge", "private", "vepa", "passthrough", "hostdev");
}
constexpr auto names_of(Forward::Driver) { return xml::names("kvm", "vfio", "xen"); }

extern const xml::Element<NetworkPciAddress> network_pci_address;
extern const xml::Element<Forward> forward;
extern const xml::Element<Forward::Interface> forward_interface;

}  // namespace innkeeper::model
