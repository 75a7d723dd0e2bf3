#include "model/network/network.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "xml/parts.h"

namespace innkeeper::model {

namespace {

using Mode = Forward::Mode;
constexpr std::string_view dnsmasq_namespace = "http://libvirt.org/schemas/network/dnsmasq/1.0";

const xml::Element<Forward::Interface> forward_interface =
    xml::describe<Forward::Interface>("interface", xml::attribute("dev", &Forward::Interface::dev).required());

void write_pci_type(const Forward& forward, xml::Writer& writer) {
    for (const auto& address : forward.addresses) {
        writer.open("address");
        writer.attribute("type", "pci");
        xml::write_inside(network_pci_address, &address, writer);
        writer.close();
    }
}

void read_pci(const xml::Node& node, Forward& forward, const xml::ParseFlags& flags) {
    for (auto child = node.child("address"); child; child = child.next("address"))
        forward.addresses.push_back(network_pci_address.read(child, flags));
}

/// `dev` is the first of the interfaces: each is completed from the other.
void complete_forward(Forward& forward) {
    if (forward.interfaces.empty() && !forward.dev.empty()) forward.interfaces.push_back({forward.dev});
    if (!forward.interfaces.empty()) forward.dev = forward.interfaces.front().dev;
    if (forward.managed == false) forward.managed.reset();
}

const xml::Element<Forward> forward =
    xml::describe<Forward>(
        "forward", xml::attribute("dev", &Forward::dev),
        xml::attribute("mode", &Forward::mode).complain(ErrorCode::config_unsupported, "unknown forwarding type '{}'"),
        xml::attribute("managed", &Forward::managed), xml::child("driver", xml::attribute("name", &Forward::driver)),
        xml::child("nat", xml::attribute("ipv6", &Forward::nat_ipv6),
                   xml::child("address", xml::attribute("start", &Forward::nat_first),
                              xml::attribute("end", &Forward::nat_last)),
                   xml::child("port", xml::attribute("start", &Forward::nat_port_first),
                              xml::attribute("end", &Forward::nat_port_last))),
        xml::child("pf", xml::attribute("dev", &Forward::physical_function)),
        xml::children(&Forward::interfaces, forward_interface), xml::by_hand<Forward>(read_pci, write_pci_type))
        .finished_by(complete_forward);

void read_bridge(const xml::Node& node, Network& network, const xml::ParseFlags&) {
    const auto bridge = node.child("bridge");
    if (!bridge) return;
    auto& into = network.bridge;
    into.name = bridge.attribute("name").value_or("");
    into.zone = bridge.attribute("zone").value_or("");
    into.spanning_tree = bridge.attribute("stp") != "off";
    if (const auto delay = bridge.attribute("delay")) {
        xml::Part part{.kind = xml::Part::Kind::attribute};
        std::uint64_t seconds = 0;
        if (!xml::read_unsigned(part, *delay, UINT32_MAX, seconds))
            throw Error(ErrorCode::xml_error, fmt::format("Invalid value for attribute 'delay' in element 'bridge': "
                                                          "'{}'. Expected non-negative integer value",
                                                          *delay));
        into.delay = static_cast<unsigned>(seconds);
    }
    if (const auto manager = bridge.attribute("macTableManager")) {
        into.mac_table = xml::value_of<NetworkBridge::MacTable>(*manager);
        if (!into.mac_table)
            throw Error(ErrorCode::xml_error,
                        fmt::format("Invalid macTableManager setting '{}' in network '{}'", *manager, network.name));
    }
}

/// A bridge of the host's own has a name and nothing else that would be ours to say.
void write_bridge(const Network& network, xml::Writer& writer) {
    const auto& bridge = network.bridge;
    writer.open_if_filled("bridge");
    if (!bridge.name.empty()) writer.attribute("name", bridge.name);
    if (!bridge.zone.empty()) writer.attribute("zone", bridge.zone);
    if (network.has_own_bridge()) {
        writer.attribute("stp", bridge.spanning_tree ? "on" : "off");
        writer.attribute("delay", std::to_string(bridge.delay));
    }
    if (bridge.mac_table) writer.attribute("macTableManager", xml::name(*bridge.mac_table));
    writer.close();
}

void read_mac(const xml::Node& node, Network& network, const xml::ParseFlags&) {
    const auto mac = node.child("mac");
    const auto address = mac ? mac.attribute("address") : std::nullopt;
    if (!address) return;
    network.mac = MacAddress::parse(*address);
    if (!network.mac)
        throw Error(ErrorCode::xml_error,
                    fmt::format("Invalid bridge mac address '{}' in network '{}'", *address, network.name));
}
void write_mac(const Network& network, xml::Writer& writer) {
    if (!network.mac) return;
    writer.open("mac");
    writer.attribute("address", network.mac->text());
    writer.close();
}

void read_options(const xml::Node& node, Network& network, const xml::ParseFlags&) {
    for (auto child = node.child(); child; child = child.next()) {
        if (child.name() != "options" || child.namespace_uri() != dnsmasq_namespace) continue;
        for (auto option = child.child(); option; option = option.next())
            if (option.name() == "option") network.dnsmasq_options.emplace_back(option.attribute("value").value_or(""));
    }
}
void write_options(const Network& network, xml::Writer& writer) {
    if (network.dnsmasq_options.empty()) return;
    writer.open("dnsmasq:options");
    for (const auto& option : network.dnsmasq_options) {
        writer.open("dnsmasq:option");
        writer.attribute("value", option);
        writer.close();
    }
    writer.close();
}
void write_namespace(const Network& network, xml::Writer& writer) {
    if (!network.dnsmasq_options.empty()) writer.attribute("xmlns:dnsmasq", dnsmasq_namespace);
}
void read_nothing(const xml::Node&, Network&, const xml::ParseFlags&) {}

[[noreturn]] void unsupported(std::string message) { throw Error(ErrorCode::config_unsupported, std::move(message)); }

void check_forward(const Network& network) {
    const auto mode = network.mode();
    if ((mode == Mode::nat || mode == Mode::route || mode == Mode::open) && network.ips.empty())
        throw Error(ErrorCode::xml_error,
                    fmt::format("{} forwarding requested, but no IP address provided for network '{}'", xml::name(mode),
                                network.name));
    if (!network.has_own_bridge() && !network.ips.empty())
        unsupported(fmt::format("Unsupported <ip> element in network {} with forward mode='{}'", network.name,
                                xml::name(mode)));
    if (!network.forward) return;
    std::set<std::string_view> seen;
    for (const auto& interface : network.forward->interfaces)
        if (!seen.insert(interface.dev).second)
            throw Error(ErrorCode::xml_error, fmt::format("interface '{}' can only be listed once in network {}",
                                                          interface.dev, network.name));
}

void check_vlan(const Network& network) {
    const auto is_switch = [](const std::optional<NetworkVirtualPort>& port) {
        return port && port->type == "openvswitch";
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

void complete(Network& network) {
    if (network.name.empty()) throw Error(ErrorCode::no_name);
    for (const char bad : {'/', '\n'})
        if (network.name.contains(bad))
            throw Error(ErrorCode::xml_detail, fmt::format("invalid char in name: {}", bad));
    if (!network.uuid) network.uuid = Uuid::random();
    if (network.forward && network.mode() == Mode::none) network.forward.reset();
    if (network.ipv6 == false) network.ipv6.reset();
    check_forward(network);
    check_vlan(network);
    if (!network.has_own_bridge())
        network.mac.reset();
    else if (!network.mac)
        network.mac = MacAddress::random();
}

}  // namespace

const xml::Element<Network> network =
    xml::describe<Network>(
        "network", xml::by_hand<Network>(read_nothing, write_namespace), xml::attribute("ipv6", &Network::ipv6),
        xml::attribute("trustGuestRxFilters", &Network::trust_guest_filters), xml::value("name", &Network::name),
        xml::value("uuid", &Network::uuid).complain(ErrorCode::internal_error, "malformed uuid element"),
        xml::verbatim("metadata", &Network::metadata), xml::child(&Network::forward, forward),
        xml::by_hand<Network>(read_bridge, write_bridge), xml::child("mtu", xml::attribute("size", &Network::mtu)),
        xml::by_hand<Network>(read_mac, write_mac),
        xml::child("domain", xml::attribute("name", &Network::domain),
                   xml::attribute("localOnly", &Network::domain_is_local)),
        xml::child(&Network::dns, dns), xml::child(&Network::vlan, vlan), xml::child(&Network::bandwidth, bandwidth),
        xml::child("port", xml::attribute("isolated", &Network::isolated_ports)),
        xml::children(&Network::ips, network_ip), xml::children(&Network::routes, route),
        xml::child(&Network::virtual_port, virtual_port), xml::children(&Network::port_groups, port_group),
        xml::by_hand<Network>(read_options, write_options))
        .finished_by(complete);

}  // namespace innkeeper::model
