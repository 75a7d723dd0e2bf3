#include "model/network/dns.h"

#include <fmt/format.h>

#include <charconv>

#include "xml/parts.h"

namespace innkeeper::model {

namespace {

[[noreturn]] void refuse(std::string message) { throw Error(ErrorCode::xml_detail, std::move(message)); }

const xml::Element<Dns::Forwarder> dns_forwarder = xml::describe<Dns::Forwarder>(
    "forwarder", xml::attribute("domain", &Dns::Forwarder::domain), xml::attribute("addr", &Dns::Forwarder::address));

void read_host_names(const xml::Node& node, Dns::Host& host, const xml::ParseFlags&) {
    for (auto name = node.child("hostname"); name; name = name.next("hostname"))
        if (auto text = name.text(); !text.empty()) host.names.push_back(std::move(text));
}
void write_host_names(const Dns::Host& host, xml::Writer& writer) {
    for (const auto& name : host.names) writer.leaf("hostname", name);
}

bool is_number(std::string_view text, unsigned low) {
    unsigned value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc{} && end == text.data() + text.size() && value >= low && value <= 65535;
}

void check_forwarder(const Dns::Forwarder& forwarder, std::string_view network) {
    if (!forwarder.domain && !forwarder.address)
        throw Error(ErrorCode::xml_error, "Invalid forwarder element, must contain at least one of addr or domain");
    if (forwarder.address && !forwarder.address->is_valid())
        throw Error(ErrorCode::xml_error, fmt::format("Invalid forwarder IP address '{}' in network '{}'",
                                                      forwarder.address->text(), network));
}

/// Where a service is found says nothing without the machine.
void check_place(const Dns::Service& service, std::string_view network) {
    const auto name = service.service.value_or("(null)");
    const auto check = [&](const std::optional<std::string>& value, std::string_view what, unsigned low,
                           std::string_view invalid) {
        if (!value) return;
        if (!service.target)
            refuse(fmt::format("DNS SRV {} attribute not permitted without target for service '{}' in network '{}'",
                               what, name, network));
        if (!is_number(*value, low))
            refuse(
                fmt::format("{} DNS SRV {} attribute for service '{}' in network '{}'", invalid, what, name, network));
    };
    check(service.port, "port", 1, "invalid");
    check(service.priority, "priority", 0, "Invalid");
    check(service.weight, "weight", 0, "invalid");
}

}  // namespace

const xml::Element<Dns::Text> dns_text = xml::describe<Dns::Text>("txt", xml::attribute("name", &Dns::Text::name),
                                                                  xml::attribute("value", &Dns::Text::value));
const xml::Element<Dns::Service> dns_service = xml::describe<Dns::Service>(
    "srv", xml::attribute("service", &Dns::Service::service), xml::attribute("protocol", &Dns::Service::protocol),
    xml::attribute("domain", &Dns::Service::domain), xml::attribute("target", &Dns::Service::target),
    xml::attribute("port", &Dns::Service::port), xml::attribute("priority", &Dns::Service::priority).omit("0"),
    xml::attribute("weight", &Dns::Service::weight).omit("0"));

const xml::Element<Dns::Host> dns_host =
    xml::describe<Dns::Host>("host", xml::attribute("ip", &Dns::Host::ip),
                             xml::by_hand<Dns::Host>(read_host_names, write_host_names).holds("hostname#"));

const xml::Element<Dns> dns = xml::describe<Dns>(
    "dns", xml::attribute("enable", &Dns::enable), xml::attribute("forwardPlainNames", &Dns::forward_plain_names),
    xml::children(&Dns::forwarders, dns_forwarder), xml::children(&Dns::texts, dns_text),
    xml::children(&Dns::services, dns_service), xml::children(&Dns::hosts, dns_host));

void check_text(const Dns::Text& text, std::string_view network, Completeness completeness) {
    if (!text.name) refuse(fmt::format("missing required name attribute in DNS TXT record of network {}", network));
    if (text.name->contains(' '))
        refuse(fmt::format("prohibited character in DNS TXT record name '{}' of network {}", *text.name, network));
    if (!text.value && completeness == Completeness::whole)
        refuse(fmt::format("missing required value attribute in DNS TXT record named '{}' of network {}", *text.name,
                           network));
}

void check_service(const Dns::Service& service, std::string_view network, Completeness completeness) {
    if (completeness == Completeness::whole) {
        if (!service.service)
            refuse(fmt::format("missing required service attribute in DNS SRV record of network '{}'", network));
        if (!service.protocol)
            refuse(fmt::format("missing required protocol attribute in DNS SRV record '{}' of network '{}'",
                               *service.service, network));
    }
    check_place(service, network);
}

void check_dns_host(const Dns::Host& host, std::string_view network, Completeness completeness) {
    const bool is_whole = completeness == Completeness::whole;
    if (!host.ip && is_whole) refuse(fmt::format("Missing IP address in network '{}' DNS HOST record", network));
    if (host.ip && !host.ip->is_valid())
        refuse(fmt::format("Invalid IP address in network '{}' DNS HOST record", network));
    if (!host.names.empty()) return;
    if (is_whole) refuse(fmt::format("Missing hostname in network '{}' DNS HOST record", network));
    if (!host.ip) refuse(fmt::format("Missing ip and hostname in network '{}' DNS HOST record", network));
}

void check_dns(const Dns& def, std::string_view network) {
    for (const auto& forwarder : def.forwarders) check_forwarder(forwarder, network);
    for (const auto& text : def.texts) check_text(text, network, Completeness::whole);
    for (const auto& service : def.services) check_service(service, network, Completeness::whole);
    for (const auto& host : def.hosts) check_dns_host(host, network, Completeness::whole);
    if (def.enable == false && def.has_records())
        throw Error(ErrorCode::xml_error, fmt::format("Extra data in disabled network '{}'", network));
}

}  // namespace innkeeper::model
