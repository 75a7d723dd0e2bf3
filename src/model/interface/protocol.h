#pragma once

#include <optional>
#include <string>
#include <vector>

#include "xml/description.h"

namespace innkeeper::model::host_interface {

struct Address {
    std::string address;
    int prefix = 0;  ///< 0: not said
    bool operator==(const Address&) const = default;
};

struct Dhcp {
    std::optional<bool> peer_dns;  ///< whether to ask the names' servers that it tells of
    bool operator==(const Dhcp&) const = default;
};

/// How an interface gets its addresses of one family.
struct Protocol {
    enum class Family { ipv4, ipv6 };
    Family family = Family::ipv4;
    bool autoconf = false;
    std::optional<Dhcp> dhcp;
    std::vector<Address> addresses;
    std::string gateway;
    bool operator==(const Protocol&) const = default;
};
constexpr auto names_of(Protocol::Family) { return xml::names("ipv4", "ipv6"); }

extern const xml::Element<Protocol> protocol;

}  // namespace innkeeper::model::host_interface
