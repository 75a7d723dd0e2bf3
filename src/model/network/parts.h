#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/uuid.h"
#include "model/mac_address.h"
#include "xml/description.h"

/// What stands in the description of a network: addresses, names, tags, limits.
namespace innkeeper::model {

/// An IPv4 or IPv6 address or a mask, kept as it was written.
struct IpText {
    std::string value;
    static std::optional<IpText> parse(std::string_view text);
    const std::string& text() const { return value; }
    bool is_ipv6() const { return value.contains(':'); }
    bool operator==(const IpText&) const = default;
};

struct NetworkPciAddress {
    unsigned domain = 0, bus = 0, slot = 0, function = 0;
    /// "0000:03:00.1"
    std::string text() const;
    bool operator==(const NetworkPciAddress&) const = default;
};

/// For how long an address is lent. 0: for ever.
struct DhcpLease {
    enum class Unit { seconds, minutes, hours };
    std::uint32_t expiry = 0;
    Unit unit = Unit::minutes;
    bool operator==(const DhcpLease&) const = default;
};
constexpr auto names_of(DhcpLease::Unit) { return xml::names("seconds", "minutes", "hours"); }

struct DhcpRange {
    IpText start, end;
    std::optional<DhcpLease> lease;
    bool operator==(const DhcpRange&) const = default;
};

struct DhcpHost {
    std::string id, mac, name;
    std::optional<IpText> ip;
    std::optional<DhcpLease> lease;
    bool operator==(const DhcpHost&) const = default;
};

struct NetworkIp {
    std::string family;
    std::optional<IpText> address, netmask;
    std::optional<unsigned> prefix;
    std::optional<bool> local_ptr;
    std::string tftp_root;
    std::vector<DhcpRange> ranges;
    std::vector<DhcpHost> hosts;
    std::string boot_file, boot_server;
    bool operator==(const NetworkIp&) const = default;
};

struct Route {
    std::string family;
    std::optional<IpText> address, netmask;
    std::optional<unsigned> prefix;
    std::optional<IpText> gateway;
    std::optional<unsigned> metric;
    bool operator==(const Route&) const = default;
};

struct Dns {
    struct Forwarder {
        std::string domain;
        std::optional<IpText> address;
        bool operator==(const Forwarder&) const = default;
    };
    struct Text {
        std::string name, value;
        bool operator==(const Text&) const = default;
    };
    struct Service {
        std::string service, protocol, domain, target;
        std::optional<unsigned> port, priority, weight;
        bool operator==(const Service&) const = default;
    };
    struct Host {
        std::optional<IpText> ip;
        std::vector<std::string> names;
        bool operator==(const Host&) const = default;
    };
    std::optional<bool> enable, forward_plain_names;
    std::vector<Forwarder> forwarders;
    std::vector<Text> texts;
    std::vector<Service> services;
    std::vector<Host> hosts;
    bool operator==(const Dns&) const = default;
};

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
    Limit inbound, outbound;
    bool operator==(const NetworkBandwidth&) const = default;
};

struct NetworkVirtualPort {
    std::string type;
    std::string manager_id, type_id, type_id_version, instance_id, interface_id, profile_id;
    bool operator==(const NetworkVirtualPort&) const = default;
};

struct PortGroup {
    std::string name;
    bool is_default = false;
    std::optional<bool> trust_guest_filters;
    std::optional<NetworkVlan> vlan;
    std::optional<NetworkVirtualPort> virtual_port;
    NetworkBandwidth bandwidth;
    bool operator==(const PortGroup&) const = default;
};

extern const xml::Element<NetworkPciAddress> network_pci_address;
extern const xml::Element<NetworkIp> network_ip;
extern const xml::Element<Route> route;
extern const xml::Element<Dns> dns;
extern const xml::Element<NetworkVlan> vlan;
extern const xml::Element<NetworkBandwidth> bandwidth;
extern const xml::Element<NetworkVirtualPort> virtual_port;
extern const xml::Element<PortGroup> port_group;

}  // namespace innkeeper::model
