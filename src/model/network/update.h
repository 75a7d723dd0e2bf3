#pragma once

#include <cstdint>
#include <string_view>

#include "model/network/network.h"

namespace innkeeper::model {

/// A change of one section of a network, as clients ask for it: the values of virNetworkUpdateCommand and
/// virNetworkUpdateSection.
struct NetworkUpdate {
    enum class Command : std::uint32_t { none, modify, remove, add_last, add_first };
    enum class Section : std::uint32_t {
        none,
        bridge,
        domain,
        ip,
        dhcp_host,
        dhcp_range,
        forward,
        forward_interface,
        forward_pf,
        port_group,
        dns_host,
        dns_text,
        dns_service,
    };
    Command command = Command::none;
    Section section = Section::none;
    int index = -1;        ///< of the <ip> that is meant; negative: the one that lends addresses, or else the first
    std::string_view xml;  ///< the element
};

/// The network with the change made. Throws the peer's sentences; the network stays as it is.
Network updated(Network def, const NetworkUpdate& update);

}  // namespace innkeeper::model
