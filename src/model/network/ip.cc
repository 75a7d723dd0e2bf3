#include "model/network/ip.h"

#include <fmt/format.h>

#include <algorithm>

#include "xml/parts.h"

namespace innkeeper::model {

namespace {

[[noreturn]] void wrong(std::string message) { throw Error(ErrorCode::xml_error, std::move(message)); }
[[noreturn]] void unsupported(std::string message) { throw Error(ErrorCode::config_unsupported, std::move(message)); }

/// The element keeps its closing tag even if nothing is in it.
void keep_closing_tag(const NetworkIp&, xml::Writer& writer) { writer.expand(); }
void read_tftp(const xml::Node& node, NetworkIp& ip, const xml::ParseFlags&) {
    ip.has_tftp = static_cast<bool>(node.child("tftp"));
}

void forget_what_is_empty(NetworkIp& ip) {
    if (ip.netmask && ip.netmask->text().empty()) ip.netmask.reset();
    if (ip.address && ip.address->text().empty()) ip.address.reset();
    if (ip.prefix == 0u) ip.prefix.reset();
    // What a guest boots from is told to those who get their address here, and goes over IPv4 alone.
    if (ip.is_ipv6() || !ip.has_dhcp() || ip.boot_file.empty()) {
        if (ip.boot_server && !ip.is_ipv6() && !ip.boot_server->is_valid()) return;
        ip.boot_file.clear();
        ip.boot_server.reset();
    }
}

void check_ipv4(const NetworkIp& ip, std::string_view network) {
    const auto& address = ip.address->text();
    if (!ip.address->is_ipv4())
        unsupported(
            ip.family.empty()
                ? fmt::format("no family specified for non-IPv4 address '{}' in network '{}'", address, network)
                : fmt::format("ipv4 family specified for non-IPv4 address '{}' in network '{}'", address, network));
    if (ip.netmask && ip.prefix)
        unsupported(fmt::format("Network '{}' IP address cannot have both a prefix and a netmask", network));
    if (ip.netmask && !ip.netmask->is_ipv4())
        unsupported(fmt::format("Invalid netmask '{}' for address '{}' in network '{}' (both must be IPv4)",
                                ip.netmask->text(), address, network));
    if (ip.prefix.value_or(0) > 32)
        unsupported(fmt::format("Invalid IPv4 prefix '{}' in network '{}'", *ip.prefix, network));
}

void check_ipv6(const NetworkIp& ip, std::string_view network) {
    const auto& address = ip.address->text();
    if (!ip.address->is_ipv6())
        unsupported(fmt::format("Family 'ipv6' specified for non-IPv6 address '{}' in network '{}'", address, network));
    if (ip.netmask)
        unsupported(fmt::format("netmask not allowed for IPv6 address '{}' in network '{}'", address, network));
    if (ip.prefix.value_or(0) > 128)
        unsupported(fmt::format("Invalid IPv6 prefix '{}' in network '{}'", *ip.prefix, network));
    if (ip.has_tftp) unsupported(fmt::format("Unsupported <tftp> element in an IPv6 element in network '{}'", network));
}

struct RouteChecks {
    const Route& route;
    std::string_view network;

    [[noreturn]] void wrong_route(std::string_view message) const {
        wrong(fmt::format("{}: {} in route definition", network, message));
    }

    void check_presence() const {
        if (!route.address) wrong_route("Missing required address attribute");
        if (!route.gateway) wrong_route("Missing required gateway attribute");
        if (!route.address->is_valid()) wrong_route(fmt::format("Bad network address '{}'", route.address->text()));
        if (!route.gateway->is_valid()) wrong_route(fmt::format("Bad gateway address '{}'", route.gateway->text()));
        if (route.netmask && !route.netmask->is_valid())
            wrong_route(fmt::format("Bad netmask address '{}'", route.netmask->text()));
    }

    void check_ipv4() const {
        const auto say = [&](std::string_view what, const NetworkAddress& value) {
            if (route.family.empty())
                wrong_route(fmt::format("No family specified for non-IPv4 {} '{}'", what, value.text()));
            wrong_route(fmt::format("IPv4 family specified for non-IPv4 {} '{}'", what, value.text()));
        };
        if (!route.address->is_ipv4()) say("address", *route.address);
        // The peer names the address here, too.
        if (!route.gateway->is_ipv4()) say("gateway", *route.address);
        if (route.netmask && !route.netmask->is_ipv4())
            wrong_route(fmt::format("Netmask '{}' specified for IPv4 must be IPv4", route.netmask->text()));
        if (route.netmask && route.prefix)
            wrong(fmt::format("{}: Route definition cannot have both a prefix and a netmask", network));
        if (route.prefix.value_or(0) > 32)
            wrong(fmt::format("{}: Invalid prefix {} specified in route definition, must be 0 - 32", network,
                              *route.prefix));
    }

    void check_ipv6() const {
        if (!route.address->is_ipv6())
            wrong_route(fmt::format("ipv6 family specified for non-IPv6 address '{}'", route.address->text()));
        if (!route.gateway->is_ipv6())
            wrong_route(fmt::format("ipv6 specified for non-IPv6 gateway address '{}'", route.gateway->text()));
        if (route.netmask)
            wrong_route(fmt::format("Specifying netmask invalid for IPv6 address '{}'", route.address->text()));
        if (route.prefix.value_or(0) > 128)
            wrong(fmt::format("{}: Invalid prefix {} specified in route definition, must be 0 - 128", network,
                              *route.prefix));
    }
};

}  // namespace

std::optional<unsigned> NetworkIp::effective_prefix() const {
    if (prefix) return prefix;
    if (netmask) return netmask->mask_bits();
    return address->is_ipv4() ? address->class_bits() : 64;
}

const xml::Element<NetworkIp> network_ip =
    xml::describe<NetworkIp>(
        "ip", xml::attribute("family", &NetworkIp::family), xml::attribute("address", &NetworkIp::address),
        xml::attribute("netmask", &NetworkIp::netmask), xml::attribute("prefix", &NetworkIp::prefix),
        xml::attribute("localPtr", &NetworkIp::local_ptr), xml::by_hand<NetworkIp>(read_tftp, keep_closing_tag),
        xml::child("tftp", xml::attribute("root", &NetworkIp::tftp_root)),
        xml::child("dhcp", xml::children(&NetworkIp::ranges, dhcp_range), xml::children(&NetworkIp::hosts, dhcp_host),
                   xml::child("bootp", xml::attribute("file", &NetworkIp::boot_file),
                              xml::attribute("server", &NetworkIp::boot_server))))
        .finished_by(forget_what_is_empty);

const xml::Element<Route> route = xml::describe<Route>(
    "route", xml::attribute("family", &Route::family), xml::attribute("address", &Route::address),
    xml::attribute("netmask", &Route::netmask), xml::attribute("prefix", &Route::prefix),
    xml::attribute("gateway", &Route::gateway),
    xml::attribute("metric", &Route::metric)
        .at_least(1)
        .complain(ErrorCode::xml_error, "Invalid value for attribute 'metric' in element 'route': '{}'"));

void check_ip(NetworkIp& ip, std::string_view network) {
    if (!ip.address) wrong(fmt::format("Missing required address attribute in network '{}'", network));
    if (!ip.address->is_valid())
        wrong(fmt::format("Invalid address '{}' in network '{}'", ip.address->text(), network));
    if (ip.netmask && !ip.netmask->is_valid())
        wrong(fmt::format("Invalid netmask '{}' in network '{}'", ip.netmask->text(), network));
    if (ip.is_ipv6())
        check_ipv6(ip, network);
    else if (ip.family.empty() || ip.family == "ipv4")
        check_ipv4(ip, network);
    else
        wrong(fmt::format("Unrecognized family '{}' in network '{}'", ip.family, network));
    const Subnet subnet{*ip.address, ip.effective_prefix()};
    for (const auto& range : ip.ranges) check_range(range, subnet, network);
    for (const auto& host : ip.hosts) check_host(host, ip.is_ipv6(), network, Completeness::whole);
    if (ip.boot_server && !ip.boot_server->is_valid())
        throw Error(ErrorCode::system_error,
                    fmt::format("Cannot parse socket address '{}': Name or service not known", ip.boot_server->text()));
}

void check_route(const Route& def, std::span<const NetworkIp> ips, std::string_view network) {
    const RouteChecks checks{def, network};
    checks.check_presence();
    if (def.family == "ipv6")
        checks.check_ipv6();
    else if (def.family.empty() || def.family == "ipv4")
        checks.check_ipv4();
    else
        checks.wrong_route(fmt::format("Unrecognized family '{}'", def.family));
    const auto prefix = def.netmask ? def.netmask->mask_bits() : def.prefix.value_or(0);
    if (!prefix || !def.address->is_first(*prefix))
        wrong(
            fmt::format("{}: Address '{}' in route definition is not a network address", network, def.address->text()));
    const auto reaches = [&](const NetworkIp& ip) {
        const auto bits = ip.effective_prefix();
        return bits && def.gateway->is_in_subnet_of(*ip.address, *bits);
    };
    if (std::ranges::none_of(ips, reaches))
        unsupported(fmt::format("unreachable static route gateway '{}' specified for network '{}'", def.gateway->text(),
                                network));
}

}  // namespace innkeeper::model
