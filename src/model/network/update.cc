#include "model/network/update.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "xml/node.h"

/// Each section looks for the entry that the client means in a way of its own; this file has them one after the other.
namespace innkeeper::model {

namespace {

using Command = NetworkUpdate::Command;
using Section = NetworkUpdate::Section;

[[noreturn]] void unsupported(std::string message) {
    throw Error(ErrorCode::operation_unsupported, std::move(message));
}
[[noreturn]] void invalid(std::string message) { throw Error(ErrorCode::operation_invalid, std::move(message)); }
[[noreturn]] void wrong(std::string message) { throw Error(ErrorCode::xml_error, std::move(message)); }

/// One request while it is carried out.
struct Change {
    Network& network;
    Command command;
    int index;
    xml::Node element;

    bool adds() const { return command == Command::add_first || command == Command::add_last; }
    Completeness completeness() const {
        return command == Command::remove ? Completeness::enough_to_find : Completeness::whole;
    }
    void expect(std::string_view tag) const {
        if (element.name() != tag)
            wrong(fmt::format("unexpected element <{}>, expecting <{}>, while updating network '{}'", element.name(),
                              tag, network.name));
    }
    void refuse_modify(std::string_view what) const {
        if (command == Command::modify) unsupported(fmt::format("{} cannot be modified, only added or deleted", what));
    }
    template <class Entry>
    void insert(std::vector<Entry>& list, Entry entry) const {
        list.insert(command == Command::add_first ? list.begin() : list.end(), std::move(entry));
    }
};

// ------------------------------------------------------------------------------------------------------------------
// dhcp

NetworkIp& chosen_ip(const Change& change) {
    auto& ips = change.network.ips;
    const auto& name = change.network.name;
    if (change.index >= 0) {
        if (static_cast<std::size_t>(change.index) < ips.size()) return ips[static_cast<std::size_t>(change.index)];
        invalid(fmt::format("couldn't update dhcp host entry - no <ip> element found at index {} in network '{}'",
                            change.index, name));
    }
    if (const auto found = std::ranges::find_if(ips, &NetworkIp::has_dhcp); found != ips.end()) return *found;
    if (!ips.empty()) return ips.front();
    invalid(fmt::format("couldn't update dhcp host entry - no <ip> element found in network '{}'", name));
}

/// Addresses are lent from one address of the bridge alone.
void check_single(const Change& change, const NetworkIp& ip) {
    for (const auto& other : change.network.ips)
        if (&other != &ip && other.is_ipv6() == ip.is_ipv6() && other.has_dhcp())
            invalid(fmt::format("dhcp is supported only for a single {} address on each network",
                                ip.is_ipv6() ? "IPv6" : "IPv4"));
}

bool is_same_mac(const std::string& a, const std::string& b) {
    const auto left = MacAddress::parse(a), right = MacAddress::parse(b);
    return left && right ? *left == *right : a == b;
}

bool shares_something(const DhcpHost& a, const DhcpHost& b) {
    return (a.mac && b.mac && is_same_mac(*a.mac, *b.mac)) || (a.name && a.name == b.name) || (a.ip && a.ip == b.ip);
}

bool has_all_of(const DhcpHost& host, const DhcpHost& wanted) {
    return (!wanted.mac || (host.mac && is_same_mac(*host.mac, *wanted.mac))) &&
           (!wanted.name || wanted.name == host.name) && (!wanted.ip || wanted.ip == host.ip);
}

void check_family(const DhcpHost& host, const NetworkIp& ip) {
    if (host.ip && host.ip->is_ipv6() != ip.is_ipv6())
        invalid("the address family of a host entry IP must match the address family of the dhcp element's parent");
}

void update_host(const Change& change) {
    change.expect("host");
    auto& ip = chosen_ip(change);
    const auto& network = change.network.name;
    auto host = dhcp_host.read(change.element);
    check_host(host, ip.is_ipv6(), network, change.completeness());
    const auto name = host.name.value_or("(null)"), address = host.ip ? host.ip->text() : "(null)";
    const auto found = std::ranges::find_if(ip.hosts, [&](const DhcpHost& other) {
        return change.command == Command::remove ? has_all_of(other, host) : shares_something(other, host);
    });
    if (change.command == Command::remove) {
        if (found == ip.hosts.end())
            invalid(fmt::format("couldn't locate a matching dhcp host entry in network '{}'", network));
        ip.hosts.erase(found);
        return;
    }
    check_family(host, ip);
    if (change.command == Command::modify) {
        if (found == ip.hosts.end())
            invalid(fmt::format(
                "couldn't locate an existing dhcp host entry with \"mac='{}'\" \"name='{}'\" \"ip='{}'\" in "
                "network '{}'",
                host.mac.value_or("(null)"), name, address, network));
        *found = std::move(host);
        return;
    }
    check_single(change, ip);
    if (found != ip.hosts.end())
        invalid(
            fmt::format("there is an existing dhcp host entry in network '{}' that matches \"<host mac='{}' name='{}' "
                        "ip='{}'/>\"",
                        network, host.mac.value_or("unknown"), name, address));
    change.insert(ip.hosts, std::move(host));
}

void update_range(const Change& change) {
    change.expect("range");
    auto& ip = chosen_ip(change);
    const auto& network = change.network.name;
    change.refuse_modify("dhcp ranges");
    auto range = dhcp_range.read(change.element);
    check_range(range, {*ip.address, ip.effective_prefix()}, network);
    const auto found = std::ranges::find_if(
        ip.ranges, [&](const DhcpRange& other) { return other.start == range.start && other.end == range.end; });
    if (change.adds()) {
        check_single(change, ip);
        if (found != ip.ranges.end())
            invalid(
                fmt::format("there is an existing dhcp range entry in network '{}' that matches \"<range start='{}' "
                            "end='{}'/>\"",
                            network, range.start->text(), range.end->text()));
        change.insert(ip.ranges, std::move(range));
        return;
    }
    if (found == ip.ranges.end())
        invalid(fmt::format("couldn't locate a matching dhcp range entry in network '{}'", network));
    ip.ranges.erase(found);
}

// ---------------------------------------------------------------------------------------------------------------
// forward

void update_interface(const Change& change) {
    change.expect("interface");
    change.refuse_modify("forward interface entries");
    const auto interface = forward_interface.read(change.element);
    if (!interface.dev) wrong("missing dev attribute in <interface> element");
    // A network that leads nowhere forgets what it was to lead through.
    Forward nowhere;
    auto& forward = change.network.forward ? *change.network.forward : nowhere;
    const auto found = std::ranges::find(forward.interfaces, interface);
    if (change.adds()) {
        if (found != forward.interfaces.end())
            invalid(fmt::format(
                "there is an existing interface entry in network '{}' that matches \"<interface dev='{}'>\"",
                change.network.name, *interface.dev));
        change.insert(forward.interfaces, interface);
    } else {
        if (found == forward.interfaces.end())
            invalid(fmt::format("couldn't find an interface entry in network '{}' matching <interface dev='{}'>",
                                change.network.name, *interface.dev));
        forward.interfaces.erase(found);
    }
    forward.dev = forward.interfaces.empty() ? std::nullopt : forward.interfaces.front().dev;
}

void update_group(const Change& change) {
    change.expect("portgroup");
    auto group = port_group.read(change.element);
    auto& groups = change.network.port_groups;
    const auto& network = change.network.name;
    const auto found = std::ranges::find(groups, group.name, &PortGroup::name);
    if (found == groups.end() && !change.adds())
        invalid(fmt::format("couldn't find a portgroup entry in network '{}' matching <portgroup name='{}'>", network,
                            group.name));
    if (found != groups.end() && change.adds())
        invalid(
            fmt::format("there is an existing portgroup entry in network '{}' that matches \"<portgroup name='{}'>\"",
                        network, group.name));
    if (change.command == Command::remove) {
        groups.erase(found);
        return;
    }
    if (!group.is_default.empty() && std::ranges::any_of(groups, [&](const PortGroup& other) {
            return other.name != group.name && !other.is_default.empty();
        }))
        invalid(
            fmt::format("a different portgroup entry in network '{}' is already set as the default. Only one default "
                        "is allowed.",
                        network));
    if (change.command == Command::modify)
        *found = std::move(group);
    else
        change.insert(groups, std::move(group));
}

// --------------------------------------------------------------------------------------------------------------------
// dns

Dns& dns_of(Network& network) { return network.dns ? *network.dns : network.dns.emplace(); }

void update_dns_host(const Change& change) {
    change.refuse_modify("DNS HOST records");
    change.expect("host");
    auto host = dns_host.read(change.element);
    const auto& network = change.network.name;
    check_dns_host(host, network, change.completeness());
    auto& hosts = dns_of(change.network).hosts;
    const auto has_name_of = [&](const Dns::Host& other) {
        return std::ranges::any_of(
            host.names, [&](const auto& name) { return std::ranges::find(other.names, name) != other.names.end(); });
    };
    const auto matches = [&](const Dns::Host& other) {
        return (host.ip && host.ip == other.ip) || (!change.adds() && has_name_of(other));
    };
    const auto count = std::ranges::count_if(hosts, matches);
    if (change.adds()) {
        if (count > 0)
            invalid(fmt::format("there is already at least one DNS HOST record with a matching field in network {}",
                                network));
        change.insert(hosts, std::move(host));
        return;
    }
    if (count == 0) invalid(fmt::format("couldn't locate a matching DNS HOST record in network {}", network));
    if (count > 1) invalid(fmt::format("multiple matching DNS HOST records were found in network {}", network));
    hosts.erase(std::ranges::find_if(hosts, matches));
}

void update_text(const Change& change) {
    change.refuse_modify("DNS TXT records");
    change.expect("txt");
    auto text = dns_text.read(change.element);
    const auto& network = change.network.name;
    check_text(text, network, change.completeness());
    auto& texts = dns_of(change.network).texts;
    const auto found = std::ranges::find(texts, text.name, &Dns::Text::name);
    if (change.adds()) {
        if (found != texts.end())
            invalid(fmt::format("there is already a DNS TXT record with name '{}' in network {}", *text.name, network));
        change.insert(texts, std::move(text));
        return;
    }
    if (found == texts.end()) invalid(fmt::format("couldn't locate a matching DNS TXT record in network {}", network));
    texts.erase(found);
}

void update_service(const Change& change) {
    change.refuse_modify("DNS SRV records");
    change.expect("srv");
    auto service = dns_service.read(change.element);
    const auto& network = change.network.name;
    check_service(service, network, change.completeness());
    auto& services = dns_of(change.network).services;
    const auto matches = [&](const Dns::Service& other) {
        const auto is = [&](auto member) { return !(service.*member) || service.*member == other.*member; };
        using Service = Dns::Service;
        return is(&Service::service) && is(&Service::protocol) && is(&Service::domain) && is(&Service::target) &&
               is(&Service::port) && is(&Service::priority) && is(&Service::weight);
    };
    const auto count = std::ranges::count_if(services, matches);
    if (change.adds()) {
        if (count > 0)
            invalid(fmt::format(
                "there is already at least one DNS SRV record matching all specified fields in network {}", network));
        change.insert(services, std::move(service));
        return;
    }
    if (count == 0) invalid(fmt::format("couldn't locate a matching DNS SRV record in network {}", network));
    if (count > 1)
        invalid(
            fmt::format("multiple DNS SRV records matching all specified fields were found in network {}", network));
    services.erase(std::ranges::find_if(services, matches));
}

void apply(const Change& change, Section section) {
    const auto cannot = [&](std::string_view what) {
        unsupported(fmt::format("can't update '{}' section of network '{}'", what, change.network.name));
    };
    switch (section) {
        case Section::bridge:
            return cannot("bridge");
        case Section::domain:
            return cannot("domain");
        case Section::ip:
            return cannot("ip");
        case Section::forward:
            return cannot("forward");
        case Section::forward_pf:
            return cannot("forward pf");
        case Section::dhcp_host:
            return update_host(change);
        case Section::dhcp_range:
            return update_range(change);
        case Section::forward_interface:
            return update_interface(change);
        case Section::port_group:
            return update_group(change);
        case Section::dns_host:
            return update_dns_host(change);
        case Section::dns_text:
            return update_text(change);
        case Section::dns_service:
            return update_service(change);
        case Section::none:
            break;
    }
    unsupported("can't update unrecognized section of network");
}

}  // namespace

Network updated(Network def, const NetworkUpdate& update) {
    if (update.command == Command::none || update.command > Command::add_first)
        unsupported(
            fmt::format("unrecognized network update command code {}", static_cast<std::uint32_t>(update.command)));
    const auto document = xml::Document::parse(update.xml, "network_update_xml");
    apply({def, update.command, update.index, document.root()}, update.section);
    if (def.dns == Dns{}) def.dns.reset();
    return def;
}

}  // namespace innkeeper::model
