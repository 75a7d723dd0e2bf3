#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "model/network/address.h"
#include "xml/description.h"

/// What a network's DHCP server lends. The checks have the network's name for their messages.
namespace innkeeper::model {

/// For how long an address is lent. 0: for ever.
struct DhcpLease {
    enum class Unit { seconds, minutes, hours };
    std::optional<std::uint64_t> expiry;
    Unit unit = Unit::minutes;
    bool operator==(const DhcpLease&) const = default;
};
constexpr auto names_of(DhcpLease::Unit) { return xml::names("seconds", "minutes", "hours"); }

struct DhcpRange {
    std::optional<NetworkAddress> start, end;
    std::optional<DhcpLease> lease;
    bool operator==(const DhcpRange&) const = default;
};

/// An address that is kept for one guest: known by its card, by its DHCPv6 identifier, or by its name.
struct DhcpHost {
    std::optional<std::string> id, mac, name;
    std::optional<NetworkAddress> ip;
    std::optional<DhcpLease> lease;
    bool operator==(const DhcpHost&) const = default;
};

extern const xml::Element<DhcpRange> dhcp_range;
extern const xml::Element<DhcpHost> dhcp_host;

/// What a range must fit into.
struct Subnet {
    const NetworkAddress& address;
    std::optional<unsigned> prefix;  ///< nothing: the mask is none
};

void check_range(const DhcpRange& range, const Subnet& subnet, std::string_view network);

/// A description of a host that shall be deleted needs no more than what finds it.
enum class Completeness { whole, enough_to_find };
void check_host(const DhcpHost& host, bool is_ipv6, std::string_view network, Completeness completeness);

}  // namespace innkeeper::model
