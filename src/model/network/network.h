#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/uuid.h"
#include "model/mac_address.h"
#include "model/network/dns.h"
#include "model/network/forward.h"
#include "model/network/ip.h"
#include "model/network/parts.h"
#include "xml/description.h"
#include "xml/metadata.h"

/// A virtual network as documents describe it.
namespace innkeeper::model {

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
    std::string ipv6;  ///< "yes": guests may talk IPv6 among themselves although the network has no such address
    std::optional<bool> trust_guest_filters;
    std::string name;
    std::optional<Uuid> uuid;  ///< always there once the document has been completed
    std::optional<xml::Metadata> metadata;
    std::optional<Forward> forward;
    NetworkBridge bridge;
    std::optional<unsigned> mtu;
    std::optional<MacAddress> mac;
    std::string domain;
    std::optional<bool> domain_is_local;
    std::optional<Dns> dns;
    std::optional<NetworkVlan> vlan;
    std::optional<NetworkBandwidth> bandwidth;
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

/// The RelaxNG grammar of `<network>`, made from its declarations.
std::string network_grammar();
/// What a client asks for with the VALIDATE flag, before the definition is read: whether the document follows the
/// installed schema (the built-in grammar where none is installed). Throws the peer's sentences; for the pool.
void validate_network(std::string_view text);

}  // namespace innkeeper::model
