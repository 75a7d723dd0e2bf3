#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/network/dhcp.h"

/// Addresses of a network's bridge, what is served from them, and routes to other networks behind them.
namespace innkeeper::model {

struct NetworkIp {
    std::string family;
    std::optional<NetworkAddress> address, netmask;
    std::optional<unsigned> prefix;
    std::optional<bool> local_ptr;
    bool has_tftp = false;
    std::string tftp_root;
    std::vector<DhcpRange> ranges;
    std::vector<DhcpHost> hosts;
    std::string boot_file;
    std::optional<NetworkAddress> boot_server;

    bool is_ipv6() const { return family == "ipv6"; }
    bool has_dhcp() const { return !ranges.empty() || !hosts.empty(); }
    /// As it was given, or what the address' class says; nothing if there is no such prefix.
    std::optional<unsigned> effective_prefix() const;
    bool operator==(const NetworkIp&) const = default;
};

struct Route {
    std::string family;
    std::optional<NetworkAddress> address, netmask;
    std::optional<unsigned> prefix;
    std::optional<NetworkAddress> gateway;
    std::optional<unsigned> metric;
    bool operator==(const Route&) const = default;
};

extern const xml::Element<NetworkIp> network_ip;
extern const xml::Element<Route> route;

void check_ip(NetworkIp& ip, std::string_view network);
/// The gateway of a route must be reached by one of the addresses.
void check_route(const Route& def, std::span<const NetworkIp> ips, std::string_view network);

}  // namespace innkeeper::model
