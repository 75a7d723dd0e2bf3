#include "model/network/parts.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include "xml/parts.h"

namespace innkeeper::model {

std::optional<IpText> IpText::parse(std::string_view text) {
    IpText ip{std::string(text)};
    unsigned char bytes[sizeof(in6_addr)];
    const int family = ip.is_ipv6() ? AF_INET6 : AF_INET;
    if (::inet_pton(family, ip.value.c_str(), bytes) != 1) return std::nullopt;
    return ip;
}

std::string NetworkPciAddress::text() const {
    return fmt::format("{:04x}:{:02x}:{:02x}.{:x}", domain, bus, slot, function);
}

namespace {

void write_lease(const DhcpLease& lease, xml::Writer& writer) {
    writer.attribute("expiry", std::to_string(lease.expiry));
    if (lease.expiry != 0) writer.attribute("unit", xml::name(lease.unit));
}
void read_lease(const xml::Node&, DhcpLease&, const xml::ParseFlags&) {}

const xml::Element<DhcpLease> lease = xml::describe<DhcpLease>(
    "lease", xml::attribute("expiry", &DhcpLease::expiry).legacy(), xml::attribute("unit", &DhcpLease::unit).legacy(),
    xml::by_hand<DhcpLease>(read_lease, write_lease));

const xml::Element<DhcpRange> range =
    xml::describe<DhcpRange>("range", xml::attribute("start", &DhcpRange::start).required(),
                             xml::attribute("end", &DhcpRange::end).required(), xml::child(&DhcpRange::lease, lease));

const xml::Element<DhcpHost> dhcp_host = xml::describe<DhcpHost>(
    "host", xml::attribute("id", &DhcpHost::id), xml::attribute("mac", &DhcpHost::mac),
    xml::attribute("name", &DhcpHost::name), xml::attribute("ip", &DhcpHost::ip), xml::child(&DhcpHost::lease, lease));

const xml::Element<Dns::Forwarder> forwarder = xml::describe<Dns::Forwarder>(
    "forwarder", xml::attribute("domain", &Dns::Forwarder::domain), xml::attribute("addr", &Dns::Forwarder::address));
const xml::Element<Dns::Text> dns_text = xml::describe<Dns::Text>(
    "txt", xml::attribute("name", &Dns::Text::name).required(), xml::attribute("value", &Dns::Text::value));
const xml::Element<Dns::Service> dns_service = xml::describe<Dns::Service>(
    "srv", xml::attribute("service", &Dns::Service::service).required(),
    xml::attribute("protocol", &Dns::Service::protocol).required(), xml::attribute("domain", &Dns::Service::domain),
    xml::attribute("target", &Dns::Service::target), xml::attribute("port", &Dns::Service::port),
    xml::attribute("priority", &Dns::Service::priority), xml::attribute("weight", &Dns::Service::weight));

void read_host_names(const xml::Node& node, Dns::Host& host, const xml::ParseFlags&) {
    for (auto name = node.child("hostname"); name; name = name.next("hostname")) host.names.push_back(name.text());
}
void write_host_names(const Dns::Host& host, xml::Writer& writer) {
    for (const auto& name : host.names) writer.leaf("hostname", name);
}
const xml::Element<Dns::Host> dns_host = xml::describe<Dns::Host>(
    "host", xml::attribute("ip", &Dns::Host::ip), xml::by_hand<Dns::Host>(read_host_names, write_host_names));

const xml::Element<NetworkVlan::Tag> vlan_tag =
    xml::describe<NetworkVlan::Tag>("tag", xml::attribute("id", &NetworkVlan::Tag::id).required().at_most(4095),
                                    xml::attribute("nativeMode", &NetworkVlan::Tag::native_mode));

/// More than one tag needs a trunk.
void complete_vlan(NetworkVlan& vlan) {
    if (vlan.tags.empty())
        throw Error(ErrorCode::xml_error,
                    "missing tag id - each <vlan> must have at least one <tag id='n'/> subelement");
    if (vlan.tags.size() > 1) vlan.trunk = true;
    if (vlan.trunk == false) vlan.trunk.reset();
}

const xml::Element<NetworkBandwidth::Limit> limit = xml::describe<NetworkBandwidth::Limit>(
    "limit", xml::attribute("average", &NetworkBandwidth::Limit::average),
    xml::attribute("peak", &NetworkBandwidth::Limit::peak), xml::attribute("floor", &NetworkBandwidth::Limit::floor),
    xml::attribute("burst", &NetworkBandwidth::Limit::burst));

void complete_ip(NetworkIp& ip) {
    if (ip.family == "ipv4" && ip.address && ip.address->is_ipv6())
        throw Error(ErrorCode::config_unsupported,
                    fmt::format("family 'ipv4' specified for non-IPv4 address '{}'", ip.address->value));
}

/// The element keeps its closing tag even if nothing is in it.
void keep_closing_tag(const NetworkIp&, xml::Writer& writer) { writer.expand(); }
void read_nothing(const xml::Node&, NetworkIp&, const xml::ParseFlags&) {}

}  // namespace

const xml::Element<NetworkPciAddress> network_pci_address = xml::describe<NetworkPciAddress>(
    "address", xml::attribute("domain", &NetworkPciAddress::domain).hex(4),
    xml::attribute("bus", &NetworkPciAddress::bus).hex(2), xml::attribute("slot", &NetworkPciAddress::slot).hex(2),
    xml::attribute("function", &NetworkPciAddress::function).hex(1));

const xml::Element<NetworkIp> network_ip =
    xml::describe<NetworkIp>(
        "ip", xml::attribute("family", &NetworkIp::family), xml::attribute("address", &NetworkIp::address),
        xml::attribute("netmask", &NetworkIp::netmask), xml::attribute("prefix", &NetworkIp::prefix),
        xml::attribute("localPtr", &NetworkIp::local_ptr), xml::by_hand<NetworkIp>(read_nothing, keep_closing_tag),
        xml::child("tftp", xml::attribute("root", &NetworkIp::tftp_root)),
        xml::child("dhcp", xml::children(&NetworkIp::ranges, range), xml::children(&NetworkIp::hosts, dhcp_host),
                   xml::child("bootp", xml::attribute("file", &NetworkIp::boot_file),
                              xml::attribute("server", &NetworkIp::boot_server))))
        .finished_by(complete_ip);

const xml::Element<Route> route =
    xml::describe<Route>("route", xml::attribute("family", &Route::family), xml::attribute("address", &Route::address),
                         xml::attribute("netmask", &Route::netmask), xml::attribute("prefix", &Route::prefix),
                         xml::attribute("gateway", &Route::gateway), xml::attribute("metric", &Route::metric));

const xml::Element<Dns> dns = xml::describe<Dns>(
    "dns", xml::attribute("enable", &Dns::enable), xml::attribute("forwardPlainNames", &Dns::forward_plain_names),
    xml::children(&Dns::forwarders, forwarder), xml::children(&Dns::texts, dns_text),
    xml::children(&Dns::services, dns_service), xml::children(&Dns::hosts, dns_host));

const xml::Element<NetworkVlan> vlan = xml::describe<NetworkVlan>("vlan", xml::attribute("trunk", &NetworkVlan::trunk),
                                                                  xml::children(&NetworkVlan::tags, vlan_tag))
                                           .finished_by(complete_vlan);

const xml::Element<NetworkBandwidth> bandwidth =
    xml::describe<NetworkBandwidth>("bandwidth", xml::child("inbound", &NetworkBandwidth::inbound, limit),
                                    xml::child("outbound", &NetworkBandwidth::outbound, limit));

const xml::Element<NetworkVirtualPort> virtual_port = xml::describe<NetworkVirtualPort>(
    "virtualport", xml::attribute("type", &NetworkVirtualPort::type),
    xml::child("parameters", xml::attribute("managerid", &NetworkVirtualPort::manager_id),
               xml::attribute("typeid", &NetworkVirtualPort::type_id),
               xml::attribute("typeidversion", &NetworkVirtualPort::type_id_version),
               xml::attribute("instanceid", &NetworkVirtualPort::instance_id),
               xml::attribute("interfaceid", &NetworkVirtualPort::interface_id),
               xml::attribute("profileid", &NetworkVirtualPort::profile_id)));

const xml::Element<PortGroup> port_group = xml::describe<PortGroup>(
    "portgroup", xml::attribute("name", &PortGroup::name).required(),
    xml::attribute("default", &PortGroup::is_default).omit("no"),
    xml::attribute("trustGuestRxFilters", &PortGroup::trust_guest_filters), xml::child(&PortGroup::vlan, vlan),
    xml::child(&PortGroup::virtual_port, virtual_port), xml::child(&PortGroup::bandwidth, bandwidth));

}  // namespace innkeeper::model
