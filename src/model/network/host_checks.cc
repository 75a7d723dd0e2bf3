#include "model/network/host_checks.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"

namespace innkeeper::model {

namespace {

using Mode = Forward::Mode;

[[noreturn]] void unsupported(std::string message) { throw Error(ErrorCode::config_unsupported, std::move(message)); }

/// The daemon gives nothing to a network whose bridge is not its own.
void check_elements(const Network& network) {
    if (network.has_own_bridge()) return;
    const auto word = xml::name(network.mode());
    const auto refuse = [&](bool is_given, std::string_view element) {
        if (is_given)
            unsupported(fmt::format("Unsupported {} element in network {} with forward mode='{}'", element,
                                    network.name, word));
    };
    refuse(network.mac.has_value(), "<mac>");
    refuse(!network.ips.empty(), "<ip>");
    refuse(network.dns && network.dns->has_records(), "<dns>");
    refuse(!network.domain.empty(), "<domain>");
    refuse(network.bandwidth.has_value(), "network-wide <bandwidth>");
}

void check_devices(const Network& network) {
    if (!network.forward) return;
    const auto& forward = *network.forward;
    if (network.mode() == Mode::hostdev && !forward.interfaces.empty())
        unsupported(
            fmt::format("hostdev network '{}' lists '{}' in the device pool, but hostdev networks require all "
                        "devices to be listed by PCI address, not network device name",
                        network.name, *forward.interfaces.front().dev));
    if (network.mode() != Mode::hostdev && !forward.addresses.empty())
        unsupported(
            fmt::format("network '{}' has forward mode '{}'  but lists a device by PCI address in the device pool. "
                        "This is only supported for networks with forward mode 'hostdev'",
                        network.name, xml::name(network.mode())));
}

void check_dhcp(const Network& network) {
    for (const bool is_ipv6 : {false, true})
        if (std::ranges::count_if(network.ips,
                                  [&](const NetworkIp& ip) { return ip.is_ipv6() == is_ipv6 && ip.has_dhcp(); }) > 1)
            unsupported(
                fmt::format("Multiple {0} dhcp sections found -- dhcp is supported only for a single {0} address on "
                            "each network",
                            is_ipv6 ? "IPv6" : "IPv4"));
}

void check_port_groups(const Network& network) {
    const PortGroup* first_default = nullptr;
    for (std::size_t i = 0; i < network.port_groups.size(); ++i) {
        const auto& group = network.port_groups[i];
        if (group.bandwidth && !network.has_own_bridge() && network.mode() != Mode::bridge)
            unsupported(
                fmt::format("Unsupported <bandwidth> element in network '{}' in portgroup '{}' with forward "
                            "mode='{}'",
                            network.name, group.name, xml::name(network.mode())));
        for (std::size_t k = 0; k < i; ++k)
            if (network.port_groups[k].name == group.name)
                unsupported(fmt::format("multiple <portgroup> elements with the same name ({}) in network '{}'",
                                        group.name, network.name));
        if (group.is_default.empty()) continue;
        if (first_default != nullptr)
            unsupported(
                fmt::format("network '{}' has multiple default <portgroup> elements ({} and {}), but only one "
                            "default is allowed",
                            network.name, first_default->name, group.name));
        first_default = &group;
    }
}

/// Tags are put on by Open vSwitch, or by the device itself.
void check_vlan(const Network& network) {
    const auto is_switch = [](const std::optional<NetworkVirtualPort>& port) {
        return port && port->type == NetworkVirtualPort::Type::openvswitch;
    };
    const auto mode = network.mode();
    if (mode == Mode::passthrough || mode == Mode::hostdev) return;
    const bool here = mode == Mode::bridge && is_switch(network.virtual_port);
    const auto refuse = [&](const std::optional<NetworkVlan>& vlan, bool is_supported) {
        if (vlan && !is_supported)
            unsupported(
                fmt::format("<vlan> element specified for network {}, whose type doesn't support vlan configuration",
                            network.name));
    };
    refuse(network.vlan, here);
    for (const auto& group : network.port_groups)
        refuse(group.vlan, (here && network.vlan) || (mode == Mode::bridge && is_switch(group.virtual_port)));
}

}  // namespace

void check_for_host(const Network& def) {
    check_elements(def);
    check_devices(def);
    check_dhcp(def);
    check_port_groups(def);
    check_vlan(def);
}

}  // namespace innkeeper::model
