#include "model/network/dhcp.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "base/no_domain.h"
#include "model/mac_address.h"
#include "xml/parts.h"

namespace innkeeper::model {

namespace {

[[noreturn]] void wrong(std::string message) { throw Error(ErrorCode::xml_error, std::move(message)); }
[[noreturn]] void unfit(std::string message) { throw Error(ErrorCode::internal_error, no_domain, std::move(message)); }

bool is_limited(const DhcpLease& lease) { return lease.expiry && *lease.expiry != 0; }

const xml::Element<DhcpLease> dhcp_lease =
    xml::describe<DhcpLease>("lease", xml::attribute("expiry", &DhcpLease::expiry),
                             xml::attribute("unit", &DhcpLease::unit).written_when(is_limited))
        .finished_by([](DhcpLease& lease) {
            // A lease for ever has no unit.
            if (!is_limited(lease)) lease.unit = DhcpLease::Unit::minutes;
        });

template <class Owner>
void forget_empty_lease(Owner& owner) {
    if (owner.lease && !owner.lease->expiry) owner.lease.reset();
}

void check_lease(const std::optional<DhcpLease>& lease) {
    using Unit = DhcpLease::Unit;
    if (!lease || !is_limited(*lease)) return;
    if ((lease->unit == Unit::seconds && *lease->expiry < 120) || (lease->unit == Unit::minutes && *lease->expiry < 2))
        throw Error(ErrorCode::config_unsupported, "The minimum lease time should be greater than 2 minutes");
}

void must_be_address(const NetworkAddress& address) {
    if (!address.is_valid())
        throw Error(ErrorCode::system_error,
                    fmt::format("Cannot parse socket address '{}': Name or service not known", address.text()));
}

void check_identity(const DhcpHost& host, bool is_ipv6, std::string_view network) {
    if (host.mac) {
        if (is_ipv6)
            wrong(fmt::format("Invalid to specify MAC address '{}' in network '{}' IPv6 static host definition",
                              *host.mac, network));
        const auto mac = MacAddress::parse(*host.mac);
        if (!mac) wrong(fmt::format("Cannot parse MAC address '{}' in network '{}'", *host.mac, network));
        if (mac->is_multicast())
            wrong(
                fmt::format("expected unicast mac address, found multicast '{}' in network '{}'", *host.mac, network));
    }
    if (host.id)
        for (const char c : *host.id)
            if (!std::isxdigit(static_cast<unsigned char>(c)) && c != ':')
                wrong(fmt::format("Invalid character '{}' in id '{}' of network '{}'", c, *host.id, network));
    if (host.name && (host.name->empty() || !std::isalnum(static_cast<unsigned char>(host.name->front()))))
        wrong(fmt::format("Cannot use host name '{}' in network '{}'", *host.name, network));
}

}  // namespace

const xml::Element<DhcpRange> dhcp_range =
    xml::describe<DhcpRange>("range", xml::attribute("start", &DhcpRange::start),
                             xml::attribute("end", &DhcpRange::end), xml::child(&DhcpRange::lease, dhcp_lease))
        .finished_by(forget_empty_lease<DhcpRange>);

const xml::Element<DhcpHost> dhcp_host =
    xml::describe<DhcpHost>("host", xml::attribute("mac", &DhcpHost::mac), xml::attribute("id", &DhcpHost::id),
                            xml::attribute("name", &DhcpHost::name), xml::attribute("ip", &DhcpHost::ip),
                            xml::child(&DhcpHost::lease, dhcp_lease))
        .finished_by(forget_empty_lease<DhcpHost>);

void check_range(const DhcpRange& range, const Subnet& subnet, std::string_view network) {
    if (!range.start) wrong(fmt::format("Missing 'start' attribute in dhcp range for network '{}'", network));
    if (!range.end) wrong(fmt::format("Missing 'end' attribute in dhcp range for network '{}'", network));
    const auto &start = *range.start, &end = *range.end;
    must_be_address(start);
    must_be_address(end);
    const auto text = fmt::format("range {} - {}", start.text(), end.text());
    if (start.bits() != end.bits()) unfit("mismatch of address family in " + text);
    if (start.bits() != subnet.address.bits())
        unfit(fmt::format("mismatch of address family in {} for network {}", text, subnet.address.text()));
    if (!subnet.prefix)
        unfit(fmt::format("bad prefix -1 for network {} when  checking {}", subnet.address.text(), text));
    const auto place = fmt::format("{}/{}", subnet.address.text(), *subnet.prefix);
    if (!start.is_in_subnet_of(subnet.address, *subnet.prefix) || !end.is_in_subnet_of(subnet.address, *subnet.prefix))
        unfit(fmt::format("{} is not entirely within network {}", text, place));
    if (start.is_ipv4()) {
        if (start.is_first(*subnet.prefix))
            unfit(fmt::format("start of {} in network {} is the network address", text, place));
        if (end.is_last(*subnet.prefix))
            unfit(fmt::format("end of {} in network {} is the broadcast address", text, place));
    }
    const auto count = start.count_to(end);
    if (count == 0) unfit(text + (start.is_ipv4() ? " is reversed " : " start larger than end"));
    if (count > 65535) unfit(text + " is too large (> 65535)");
    check_lease(range.lease);
}

void check_host(const DhcpHost& host, bool is_ipv6, std::string_view network, Completeness completeness) {
    check_identity(host, is_ipv6, network);
    if (host.ip && !host.ip->is_valid())
        wrong(fmt::format("Invalid IP address in static host definition for network '{}'", network));
    if (completeness == Completeness::enough_to_find) {
        if (!host.mac && !host.name && !host.ip && !(is_ipv6 && host.id))
            wrong(
                fmt::format("At least one of name, mac, or ip attribute must be specified for static host definition "
                            "in network '{}' ",
                            network));
    } else {
        if (!host.name && !(is_ipv6 ? host.id : host.mac))
            wrong(fmt::format("Static host definition in {} network '{}' must have {} or name attribute",
                              is_ipv6 ? "IPv6" : "IPv4", network, is_ipv6 ? "id" : "mac"));
        if (!host.ip) wrong(fmt::format("Missing IP address in static host definition for network '{}'", network));
    }
    check_lease(host.lease);
}

}  // namespace innkeeper::model
