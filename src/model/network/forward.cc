#include "model/network/forward.h"

#include <fmt/format.h>

#include "xml/parts.h"

namespace innkeeper::model {

std::string NetworkPciAddress::text() const {
    return fmt::format("{:04x}:{:02x}:{:02x}.{:x}", domain, bus, slot, function);
}

namespace {

using Mode = Forward::Mode;

[[noreturn]] void wrong(std::string message) { throw Error(ErrorCode::xml_error, std::move(message)); }

std::string network_name(const xml::Node& forward) { return forward.parent().child("name").text(); }

void write_addresses(const Forward& forward, xml::Writer& writer) {
    for (const auto& address : forward.addresses) {
        writer.open("address");
        writer.attribute("type", "pci");
        xml::write_inside(network_pci_address, &address, writer);
        writer.close();
    }
}

void read_addresses(const xml::Node& node, Forward& forward, const xml::ParseFlags& flags) {
    for (auto child = node.child("address"); child; child = child.next("address")) {
        const auto type = child.attribute("type");
        if (!type) wrong(fmt::format("missing address type in network {}", network_name(node)));
        if (*type != "pci")
            throw Error(ErrorCode::config_unsupported,
                        fmt::format("unknown address type '{}' in network {}", *type, network_name(node)));
        forward.addresses.push_back(network_pci_address.read(child, flags));
    }
}

void at_most_one(const xml::Node& parent, std::string_view tag, std::string_view place, std::string_view network) {
    if (const auto child = parent.child(tag); child && child.next(tag))
        wrong(fmt::format("Only one <{}> element is allowed in {} of network {}", tag, place, network));
}

void check_nat(const Forward& forward, const xml::Node& nat, std::string_view network) {
    if (forward.mode != Mode::nat)
        wrong(fmt::format("The <nat> element can only be used when <forward> 'mode' is 'nat' in network {}", network));
    const auto once = [&](std::string_view tag) {
        if (const auto child = nat.child(tag); child && child.next(tag))
            wrong(fmt::format("Only one <{}> element is allowed in <nat> in <forward> in network {}", tag, network));
    };
    once("address");
    once("port");
    const auto check_address = [&](const std::optional<NetworkAddress>& address, std::string_view end) {
        if (!address)
            wrong(fmt::format("missing '{}' attribute in <address> element in <nat> in <forward> in network {}", end,
                              network));
        if (!address->is_ipv4())
            wrong(fmt::format("Bad ipv4 {} address '{}' in <nat> in <forward> in network '{}'", end, address->text(),
                              network));
    };
    if (nat.child("address")) {
        check_address(forward.nat_first, "start");
        check_address(forward.nat_last, "end");
        const auto count = forward.nat_first->count_to(*forward.nat_last);
        if (count == 0 || count > 65535)
            throw Error(ErrorCode::internal_error,
                        fmt::format("range {} - {} is {}", forward.nat_first->text(), forward.nat_last->text(),
                                    count == 0 ? "reversed " : "too large (> 65535)"));
    }
    const auto check_port = [&](const std::optional<std::uint16_t>& port, unsigned low, std::string_view end) {
        if (port.value_or(0) < low)
            throw Error(ErrorCode::xml_detail,
                        fmt::format("Missing or invalid '{}' attribute in <port> in <nat> in <forward> in network {}",
                                    end, network));
    };
    if (nat.child("port")) {
        check_port(forward.nat_port_first, 1, "start");
        check_port(forward.nat_port_last, *forward.nat_port_first, "end");
    }
}

/// How many interfaces there may be depends on what is done with them.
void check_interfaces(const Forward& forward, std::string_view network) {
    if (forward.interfaces.empty()) return;
    if (forward.mode == Mode::open)
        wrong(fmt::format("forward dev not allowed for network '{}' with forward mode='open'", network));
    if ((forward.mode == Mode::nat || forward.mode == Mode::route) && forward.interfaces.size() > 1)
        wrong(fmt::format("multiple forwarding interfaces specified for network '{}', only one is supported", network));
}

/// `dev` is the first of the interfaces: each is completed from the other.
void complete_interfaces(Forward& forward, std::string_view network) {
    for (std::size_t i = 0; i < forward.interfaces.size(); ++i) {
        const auto& dev = forward.interfaces[i].dev;
        if (!dev)
            wrong(
                fmt::format("Missing required dev attribute in <forward> <interface> element of network {}", network));
        for (std::size_t k = 0; k < i; ++k)
            if (forward.interfaces[k] == forward.interfaces[i])
                wrong(fmt::format("interface '{}' can only be listed once in network {}", *dev, network));
    }
    if (forward.dev && forward.dev->empty()) forward.dev.reset();
    if (forward.interfaces.empty()) {
        if (forward.dev) forward.interfaces.push_back({forward.dev});
        return;
    }
    if (forward.dev && forward.dev != forward.interfaces.front().dev)
        wrong(fmt::format("<forward dev='{}'> must match first <interface dev='{}'/> in network {}", *forward.dev,
                          *forward.interfaces.front().dev, network));
    forward.dev = forward.interfaces.front().dev;
}

void complete(Forward& forward, const xml::Node& node, const xml::ParseFlags&) {
    const auto network = network_name(node);
    at_most_one(node, "pf", "<forward>", network);
    at_most_one(node, "nat", "<forward>", network);
    if (const auto nat = node.child("nat")) check_nat(forward, nat, network);
    complete_interfaces(forward, network);
    if (node.child("pf") && !forward.physical_function)
        wrong(fmt::format("Missing required dev attribute in <pf> element of network '{}'", network));
    if (!forward.interfaces.empty()) forward.physical_function.reset();
    check_interfaces(forward, network);
    if (forward.managed != "yes") forward.managed = forward.mode == Mode::hostdev ? "no" : "";
}

constexpr std::string_view bad_start = "Missing or invalid 'start' attribute in <port> in <nat> in <forward>",
                           bad_end = "Missing or invalid 'end' attribute in <port> in <nat> in <forward>";

}  // namespace

const xml::Element<NetworkPciAddress> network_pci_address = xml::describe<NetworkPciAddress>(
    "address", xml::attribute("domain", &NetworkPciAddress::domain).hex(4),
    xml::attribute("bus", &NetworkPciAddress::bus).hex(2), xml::attribute("slot", &NetworkPciAddress::slot).hex(2),
    xml::attribute("function", &NetworkPciAddress::function).hex(1));

const xml::Element<Forward::Interface> forward_interface =
    xml::describe<Forward::Interface>("interface", xml::attribute("dev", &Forward::Interface::dev));

const xml::Element<Forward> forward =
    xml::describe<Forward>(
        "forward", xml::attribute("dev", &Forward::dev),
        xml::attribute("mode", &Forward::mode).complain(ErrorCode::config_unsupported, "unknown forwarding type '{}'"),
        xml::attribute("managed", &Forward::managed),
        xml::child("driver", xml::attribute("name", &Forward::driver)
                                 .complain(ErrorCode::config_unsupported, "Unknown forward <driver name='{}'/>")),
        xml::child(
            "nat", xml::attribute("ipv6", &Forward::nat_ipv6),
            xml::child("address", xml::attribute("start", &Forward::nat_first),
                       xml::attribute("end", &Forward::nat_last)),
            xml::child("port",
                       xml::attribute("start", &Forward::nat_port_first).complain(ErrorCode::xml_detail, bad_start),
                       xml::attribute("end", &Forward::nat_port_last).complain(ErrorCode::xml_detail, bad_end))),
        xml::child("pf", xml::attribute("dev", &Forward::physical_function)),
        xml::children(&Forward::interfaces, forward_interface),
        xml::by_hand<Forward>(read_addresses, write_addresses)
            .holds("address@type", "address@domain", "address@bus", "address@slot", "address@function"))
        .finished_by(complete);

}  // namespace innkeeper::model
