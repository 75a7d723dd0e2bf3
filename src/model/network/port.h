#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "model/mac_address.h"
#include "model/network/forward.h"
#include "model/network/parts.h"
#include "xml/description.h"

namespace innkeeper::model {

/// The place in a network where one card of a guest is plugged in.
struct NetworkPort {
    enum class Plug { none, network, bridge, direct, host_device };
    enum class DirectMode { vepa, private_, bridge, passthrough };

    std::optional<Uuid> uuid;
    std::string owner_name;
    std::optional<Uuid> owner_uuid;
    std::string group;
    std::optional<MacAddress> mac;
    std::optional<bool> trust_guest_filters, isolated;
    std::optional<NetworkBandwidth> bandwidth;
    std::optional<NetworkVlan> vlan;
    std::optional<NetworkVirtualPort> virtual_port;

    Plug plug = Plug::none;
    std::string bridge, dev;
    std::string mac_table;
    std::optional<DirectMode> mode;
    std::optional<bool> managed;
    std::optional<Forward::Driver> driver;
    std::optional<NetworkPciAddress> address;

    bool operator==(const NetworkPort&) const = default;
};
constexpr auto names_of(NetworkPort::Plug) { return xml::names("none", "network", "bridge", "direct", "hostdev-pci"); }
constexpr auto names_of(NetworkPort::DirectMode) { return xml::names("vepa", "private", "bridge", "passthrough"); }

extern const xml::Element<NetworkPort> network_port;

/// The RelaxNG grammar of `<networkport>`, made from its declarations.
std::string network_port_grammar();
/// What the VALIDATE flag asks for, before the port is read; for the pool.
void validate_network_port(std::string_view text);

}  // namespace innkeeper::model
