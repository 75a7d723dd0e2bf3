#include "model/network/network.h"

#include <fmt/format.h>

#include "xml/parts.h"
#include "xml/schema.h"
#include "xml/validate.h"

namespace innkeeper::model {

namespace {

using Mode = Forward::Mode;
constexpr std::string_view dnsmasq_namespace = "http://libvirt.org/schemas/network/dnsmasq/1.0";

void read_bridge(const xml::Node& node, Network& network, const xml::ParseFlags&) {
    const auto bridge = node.child("bridge");
    if (!bridge) return;
    auto& into = network.bridge;
    into.name = bridge.attribute("name").value_or("");
    into.zone = bridge.attribute("zone").value_or("");
    into.spanning_tree = bridge.attribute("stp") != "off";
    if (const auto delay = bridge.attribute("delay"); delay && !delay->empty()) {
        xml::Part part{.kind = xml::Part::Kind::attribute};
        std::uint64_t seconds = 0;
        if (!xml::read_unsigned(part, *delay, UINT32_MAX, seconds))
            throw Error(ErrorCode::xml_error, fmt::format("Invalid delay value in network '{}'", network.name));
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
    if (network.mac->is_multicast())
        throw Error(ErrorCode::xml_error,
                    fmt::format("Invalid multicast bridge mac address '{}' in network '{}'", *address, network.name));
}
void write_mac(const Network& network, xml::Writer& writer) {
    if (!network.mac) return;
    writer.open("mac");
    writer.attribute("address", network.mac->text());
    writer.close();
}

std::string_view option_value(const xml::Node& option) {
    if (const auto value = option.attribute("value")) return *value;
    throw Error(ErrorCode::internal_error, "No dnsmasq options value specified");
}

void read_options(const xml::Node& node, Network& network, const xml::ParseFlags&) {
    for (auto child = node.child(); child; child = child.next()) {
        if (child.name() != "options" || child.namespace_uri() != dnsmasq_namespace) continue;
        for (auto option = child.child(); option; option = option.next())
            if (option.name() == "option") network.dnsmasq_options.emplace_back(option_value(option));
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

void read_metadata(const xml::Node& node, Network& network, const xml::ParseFlags&) {
    if (const auto child = node.child("metadata")) network.metadata = xml::Metadata::read(child);
}
void write_metadata(const Network& network, xml::Writer& writer) {
    if (!network.metadata) return;
    network.metadata->write(writer);
    if (!network.metadata->empty()) return;
    writer.open("metadata");
    writer.close();
}

[[noreturn]] void wrong(std::string message) { throw Error(ErrorCode::xml_error, std::move(message)); }

void check_name(const std::string& name) {
    if (name.empty()) throw Error(ErrorCode::no_name);
    for (const char bad : {'/', '\n'})
        if (name.contains(bad))
            throw Error(ErrorCode::xml_detail, ErrorDomain::xml, fmt::format("invalid char in name: {}", bad));
}

/// What is the daemon's to choose where it makes the bridge, and the host's where it does not.
void check_bridge(const Network& network) {
    const auto mode = network.mode();
    const auto& bridge = network.bridge;
    const auto word = xml::name(mode);
    if ((mode == Mode::nat || mode == Mode::route || mode == Mode::open) && network.ips.empty())
        wrong(fmt::format("{} forwarding requested, but no IP address provided for network '{}'", word, network.name));
    if (network.has_own_bridge()) return;
    if (mode != Mode::bridge) {
        const auto refuse = [&](bool is_given, std::string_view what) {
            if (is_given)
                wrong(fmt::format("bridge {} not allowed in {} mode (network '{}')", what, word, network.name));
        };
        refuse(!bridge.name.empty(), "name");
        refuse(!bridge.zone.empty(), "zone");
        refuse(bridge.mac_table.has_value(), "macTableManager setting");
    }
    if (bridge.delay != 0 || !bridge.spanning_tree || !bridge.zone.empty())
        wrong(
            fmt::format("bridge delay/stp/zone options only allowed in route, nat, and isolated mode, not in {} "
                        "(network '{}')",
                        word, network.name));
    if (mode == Mode::bridge && !bridge.name.empty() && !network.forward->interfaces.empty())
        wrong(
            fmt::format("A network with forward mode='bridge' can specify a bridge name or a forward dev, but not both "
                        "(network '{}')",
                        network.name));
    if (network.mtu)
        wrong(fmt::format("mtu size only allowed in open, route, nat, and isolated mode, not in {} (network '{}')",
                          word, network.name));
}

void complete(Network& network) {
    check_name(network.name);
    if (!network.uuid) network.uuid = Uuid::random();
    if (!network.ipv6.empty() && network.ipv6 != "yes" && network.ipv6 != "no")
        wrong(fmt::format("Invalid ipv6 setting '{}' in network '{}'", network.ipv6, network.name));
    if (network.ipv6 == "no") network.ipv6.clear();
    if (network.domain.empty()) network.domain_is_local.reset();
    if (network.mtu == 0u) network.mtu.reset();
    if (network.bandwidth && !network.bandwidth->is_set()) network.bandwidth.reset();
    if (network.virtual_port && !network.virtual_port->type) wrong("missing required virtualport type");
    if (network.dns) check_dns(*network.dns, network.name);
    if (network.dns == Dns{}) network.dns.reset();
    for (auto& ip : network.ips) {
        check_ip(ip, network.name);
        ip.has_tftp = !ip.tftp_root.empty();  // without a folder it serves nothing
    }
    for (const auto& route : network.routes) check_route(route, network.ips, network.name);
    check_bridge(network);
    if (network.forward && network.mode() == Mode::none) network.forward.reset();
}

}  // namespace

const xml::Element<Network> network =
    xml::describe<Network>(
        "network", xml::by_hand<Network>(read_nothing, write_namespace), xml::attribute("ipv6", &Network::ipv6),
        xml::attribute("trustGuestRxFilters", &Network::trust_guest_filters), xml::value("name", &Network::name),
        xml::value("uuid", &Network::uuid).complain(ErrorCode::internal_error, "malformed uuid element").omit(""),
        xml::by_hand<Network>(read_metadata, write_metadata).holds("metadata"), xml::child(&Network::forward, forward),
        xml::by_hand<Network>(read_bridge, write_bridge)
            .holds("bridge@name", "bridge@zone", "bridge@stp", "bridge@delay", "bridge@macTableManager"),
        xml::child("mtu", xml::attribute("size", &Network::mtu)
                              .complain(ErrorCode::xml_error, "Invalid mtu size '{}' in the network")),
        xml::by_hand<Network>(read_mac, write_mac).holds("mac@address"),
        xml::child("domain", xml::attribute("name", &Network::domain),
                   xml::attribute("localOnly", &Network::domain_is_local)),
        xml::child(&Network::dns, dns), xml::child(&Network::vlan, vlan), xml::child(&Network::bandwidth, bandwidth),
        xml::child("port", xml::attribute("isolated", &Network::isolated_ports)),
        xml::children(&Network::ips, network_ip), xml::children(&Network::routes, route),
        xml::child(&Network::virtual_port, virtual_port), xml::children(&Network::port_groups, port_group),
        xml::by_hand<Network>(read_options, write_options).holds("dnsmasq:options"))
        .finished_by(complete);

std::string network_grammar() {
    static constexpr xml::Namespace namespaces[] = {{"dnsmasq", dnsmasq_namespace}};
    return xml::relaxng(network, namespaces);
}

void validate_network(std::string_view text) {
    xml::validate(text, "(network_definition)", "network", {"/usr/share/libvirt/schemas/network.rng", network_grammar});
}

}  // namespace innkeeper::model
