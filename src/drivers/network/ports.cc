#include <fmt/format.h>

#include "base/error.h"
#include "drivers/network/networks.h"
#include "loop/pool.h"
#include "model/network/port.h"
#include "protocol/constants.h"
#include "xml/node.h"

/// The places where guests are plugged in. A network has some while it runs.
namespace innkeeper::network {

namespace remote = protocol::remote;

Error Networks::no_port(const Uuid& uuid) {
    return Error(ErrorCode::no_network_port, fmt::format("Network port with UUID {} does not exist", uuid.text()));
}

void Networks::add_ports(rpc::HandlerTable& table) {
    table.add<remote::NetworkListAllPorts>(*this, &Networks::list_ports);
    table.add<remote::NetworkPortLookupByUuid>(*this, &Networks::port_by_uuid);
    table.add<remote::NetworkPortCreateXml>(*this, &Networks::create_port);
}

remote::NetworkListAllPortsRet Networks::list_ports(const rpc::Caller&, const remote::NetworkListAllPortsArgs& args) {
    allow_flags(args.flags, 0, "NetworkListAllPorts");
    find_active(args.network);
    return {};
}

remote::NetworkPortLookupByUuidRet Networks::port_by_uuid(const rpc::Caller&,
                                                          const remote::NetworkPortLookupByUuidArgs& args) {
    find(args.network);
    throw no_port(args.uuid);
}

Task<remote::NetworkPortCreateXmlRet> Networks::create_port(rpc::Caller, remote::NetworkPortCreateXmlArgs args) {
    allow_flags(args.flags, protocol::VIR_NETWORK_PORT_CREATE_RECLAIM | protocol::VIR_NETWORK_PORT_CREATE_VALIDATE,
                "NetworkPortCreateXML");
    if ((args.flags & protocol::VIR_NETWORK_PORT_CREATE_VALIDATE) != 0)
        co_await in_pool([text = args.xml] { model::validate_network_port(text); });
    const auto document = xml::Document::parse(args.xml, "(networkport)");
    model::network_port.read(document.root("networkport"));
    find_active(args.network);
    throw Error(ErrorCode::no_support, "ports of a running network");
}

}  // namespace innkeeper::network
