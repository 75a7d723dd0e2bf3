#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/uuid.h"
#include "xml/description.h"

/// What a network, or a group of its ports, asks of each port: tags, limits, the switch that it leads to.
namespace innkeeper::model {

struct NetworkVlan {
    enum class NativeMode { tagged, untagged };
    struct Tag {
        unsigned id = 0;
        std::optional<NativeMode> native_mode;
        bool operator==(const Tag&) const = default;
    };
    std::optional<bool> trunk;
    std::vector<Tag> tags;
    bool operator==(const NetworkVlan&) const = default;
};
constexpr auto names_of(NetworkVlan::NativeMode) { return xml::names("tagged", "untagged"); }

/// Kibibytes, and kibibytes a second.
struct NetworkBandwidth {
    struct Limit {
        std::optional<std::uint64_t> average, peak, floor, burst;
        bool operator==(const Limit&) const = default;
    };
    std::optional<Limit> inbound, outbound;
    bool is_set() const { return inbound || outbound; }
    bool operator==(const NetworkBandwidth&) const = default;
};

/// A number of a virtual port, as it stands in a document in any base.
struct PortNumber {
    std::uint64_t value = 0;
    static std::optional<PortNumber> parse(std::string_view text);
    std::string text() const { return std::to_string(value); }
    bool operator==(const PortNumber&) const = default;
};

struct NetworkVirtualPort {
    enum class Type { vepa, vn_link, openvswitch, midonet };
    std::optional<Type> type;
    std::optional<PortNumber> manager_id, type_id, type_id_version;
    std::optional<Uuid> instance_id;
    std::string profile_id;
    std::optional<Uuid> interface_id;
    bool operator==(const NetworkVirtualPort&) const = default;
};
constexpr auto names_of(NetworkVirtualPort::Type) {
    return xml::names("802.1Qbg", "802.1Qbh", "openvswitch", "midonet");
}

struct PortGroup {
    std::string name;
    std::string is_default;  ///< "yes" or nothing
    std::optional<bool> trust_guest_filters;
    std::optional<NetworkVlan> vlan;
    std::optional<NetworkVirtualPort> virtual_port;
    std::optional<NetworkBandwidth> bandwidth;
    bool operator==(const PortGroup&) const = default;
};

extern const xml::Element<NetworkVlan> vlan;
/// Of a network or a group of ports, where nothing can be guaranteed (`floor`) and nothing was assigned (`classID`).
extern const xml::Element<NetworkBandwidth> bandwidth;
/// The same without these checks: of a single port.
extern const xml::Element<NetworkBandwidth> port_bandwidth;
extern const xml::Element<NetworkVirtualPort> virtual_port;
extern const xml::Element<PortGroup> port_group;

}  // namespace innkeeper::model
