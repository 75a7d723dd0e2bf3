#include "model/interface/protocol.h"

#include "xml/parts.h"

namespace innkeeper::model::host_interface {

namespace {

bool is_ipv6(const Protocol& protocol) { return protocol.family == Protocol::Family::ipv6; }

const auto dhcp = xml::describe<Dhcp>("dhcp", xml::attribute("peerdns", &Dhcp::peer_dns));
const auto address = xml::describe<Address>("ip", xml::attribute("address", &Address::address),
                                            xml::attribute("prefix", &Address::prefix).omit("0"));

void drop_empty(Protocol& protocol) {
    std::erase_if(protocol.addresses, [](const Address& each) { return each.address.empty(); });
}

}  // namespace

const xml::Element<Protocol> protocol =
    xml::describe<Protocol>("protocol",
                            xml::attribute("family", &Protocol::family)
                                .required(ErrorCode::xml_error, "protocol misses the family attribute")
                                .complain(ErrorCode::xml_error, "unsupported protocol family '{}'"),
                            xml::expanded<Protocol>(), xml::when(is_ipv6, xml::flag("autoconf", &Protocol::autoconf)),
                            xml::child(&Protocol::dhcp, dhcp), xml::children(&Protocol::addresses, address),
                            xml::child("route", xml::attribute("gateway", &Protocol::gateway)))
        .finished_by(drop_empty);

}  // namespace innkeeper::model::host_interface
