#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/uuid.h"
#include "model/mac_address.h"
#include "model/network/parts.h"
#include "xml/description.h"
#include "xml/fragment.h"

/// A virtual network as documents describe it.
namespace innkeeper::model {

/// How guests on the network reach the outside.
struct Forward {
    enum class Mode { none, nat, route, open, bridge, private_, vepa, passthrough, hostdev };
    struct Interface {
        std::string dev;
        bool operator==(const Interface&) const = default;
    };
    Mode mode = Mode::nat;
    std::string dev;
    std::optional<bool> managed;
    std::string driver, physical_function;
    std::optional<bool> nat_ipv6;
    std::string nat_first, nat_last;  ///< addresses that guests appear with
    std::optional<unsigned> nat_port_first, nat_port_last;
    std::vector<Interface> interfaces;
    std::vector<NetworkPciAddress> addresses;
    bool operator==(const Forward&) const = default;
};
constexpr auto names_of(Forward::Mode) {
    return xml::names("none", "nat", "route", "open", "bridge", "private", "vepa", "passthrough", "hostdev");
}

/// The bridge that the guests' interfaces are put into: the daemon's own, or one of the host's.
struct NetworkBridge {
    enum class MacTable { kernel, libvirt };
    std::string name, zone;
    bool spanning_tree = true;
    unsigned delay = 0;
    std::optional<MacTable> mac_table;
    bool operator==(const NetworkBridge&) const = default;
};
constexpr auto names_of(NetworkBridge::MacTable) { return xml::names("kernel", "libvirt"); }

struct Network {
    std::optional<bool> ipv6;  ///< guests may talk IPv6 among themselves although the network has no such address
    std::optional<bool> trust_guest_filters;
    std::string name;
    std::optional<Uuid> uuid;  ///< always there once the document has been completed
    std::vector<xml::Fragment> metadata;
    std::optional<Forward> forward;
    NetworkBridge bridge;
    std::optional<unsigned> mtu;
    std::optional<MacAddress> mac;
    std::string domain;
    std::optional<bool> domain_is_local;
    std::optional<Dns> dns;
    std::optional<NetworkVlan> vlan;
    NetworkBandwidth bandwidth;
    std::optional<bool> isolated_ports;
    std::vector<NetworkIp> ips;
    std::vector<Route> routes;
    std::optional<NetworkVirtualPort> virtual_port;
    std::vector<PortGroup> port_groups;
    std::vector<std::string> dnsmasq_options;

    Forward::Mode mode() const { return forward ? forward->mode : Forward::Mode::none; }
    /// The daemon makes the bridge itself, and gives it addresses.
    bool has_own_bridge() const { return mode() <= Forward::Mode::open; }
    bool operator==(const Network&) const = default;
};

extern const xml::Element<Network> network;

}  // namespace innkeeper::model
