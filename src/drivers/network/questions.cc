#include <fmt/format.h>

#include "base/error.h"
#include "drivers/network/networks.h"
#include "objects/requests.h"
#include "protocol/constants.h"

/// What is answered about networks from what is known of them.
namespace innkeeper::network {

namespace remote = protocol::remote;

namespace {

remote::Network handle(const Network& network) { return {.name = network.name(), .uuid = network.uuid()}; }

template <class Registry>
std::vector<std::string> names(const rpc::Caller& caller, const Registry& registry, bool active, std::int32_t most) {
    std::vector<std::string> names;
    for (const auto& [name, network] : registry.all())
        if (network->is_active() == active && caller.sees(name)) names.push_back(name);
    return objects::at_most(std::move(names), most);
}

bool is_listed(const Network& network, std::uint32_t flags) {
    using objects::passes;
    return passes(flags, protocol::VIR_CONNECT_LIST_NETWORKS_ACTIVE, protocol::VIR_CONNECT_LIST_NETWORKS_INACTIVE,
                  network.is_active()) &&
           passes(flags, protocol::VIR_CONNECT_LIST_NETWORKS_PERSISTENT, protocol::VIR_CONNECT_LIST_NETWORKS_TRANSIENT,
                  network.is_persistent()) &&
           passes(flags, protocol::VIR_CONNECT_LIST_NETWORKS_AUTOSTART,
                  protocol::VIR_CONNECT_LIST_NETWORKS_NO_AUTOSTART, network.autostarts());
}

}  // namespace

void Networks::add_questions(rpc::HandlerTable& table) {
    table.add<remote::ConnectNumOfNetworks>(*this, &Networks::num_of_active);
    table.add<remote::ConnectListNetworks>(*this, &Networks::list_active);
    table.add<remote::ConnectNumOfDefinedNetworks>(*this, &Networks::num_of_defined);
    table.add<remote::ConnectListDefinedNetworks>(*this, &Networks::list_defined);
    table.add<remote::ConnectListAllNetworks>(*this, &Networks::list_all);
    table.add<remote::NetworkLookupByName>(*this, &Networks::by_name);
    table.add<remote::NetworkLookupByUuid>(*this, &Networks::by_uuid);
    table.add<remote::NetworkGetXmlDesc>(*this, &Networks::xml);
    table.add<remote::NetworkGetAutostart>(*this, &Networks::get_autostart);
    table.add<remote::NetworkGetBridgeName>(*this, &Networks::bridge_name);
    table.add<remote::NetworkIsActive>(*this, &Networks::is_active);
    table.add<remote::NetworkIsPersistent>(*this, &Networks::is_persistent);
    table.add<remote::NetworkGetDhcpLeases>(*this, &Networks::leases);
    table.add<remote::ConnectNetworkEventRegisterAny>(*this, &Networks::register_event);
    table.add<remote::ConnectNetworkEventDeregisterAny>(*this, &Networks::deregister_event);
}

remote::ConnectNumOfNetworksRet Networks::num_of_active(const rpc::Caller& caller) {
    return {.num = static_cast<std::int32_t>(names(caller, registry_, true, INT32_MAX).size())};
}

remote::ConnectListNetworksRet Networks::list_active(const rpc::Caller& caller,
                                                     const remote::ConnectListNetworksArgs& args) {
    return {.names = names(caller, registry_, true, args.maxnames)};
}

remote::ConnectNumOfDefinedNetworksRet Networks::num_of_defined(const rpc::Caller& caller) {
    return {.num = static_cast<std::int32_t>(names(caller, registry_, false, INT32_MAX).size())};
}

remote::ConnectListDefinedNetworksRet Networks::list_defined(const rpc::Caller& caller,
                                                             const remote::ConnectListDefinedNetworksArgs& args) {
    return {.names = names(caller, registry_, false, args.maxnames)};
}

remote::ConnectListAllNetworksRet Networks::list_all(const rpc::Caller& caller,
                                                     const remote::ConnectListAllNetworksArgs& args) {
    allow_flags(args.flags, 0x3f, "ConnectListAllNetworks");
    remote::ConnectListAllNetworksRet ret;
    for (const auto& [name, network] : registry_.all()) {
        if (!is_listed(*network, args.flags) || !caller.sees(name)) continue;
        ++ret.ret;
        if (args.need_results != 0) ret.nets.push_back(handle(*network));
    }
    return ret;
}

remote::NetworkLookupByNameRet Networks::by_name(const rpc::Caller&, const remote::NetworkLookupByNameArgs& args) {
    return {.net = handle(*find_name(args.name))};
}

remote::NetworkLookupByUuidRet Networks::by_uuid(const rpc::Caller&, const remote::NetworkLookupByUuidArgs& args) {
    return {.net = handle(*find_uuid(args.uuid))};
}

remote::NetworkGetXmlDescRet Networks::xml(const rpc::Caller&, const remote::NetworkGetXmlDescArgs& args) {
    allow_flags(args.flags, backend_->shows_next_definition() ? protocol::VIR_NETWORK_XML_INACTIVE : 0,
                "NetworkGetXMLDesc");
    const auto network = find(args.net);
    return {.xml = model::network.format(args.flags != 0 ? *network->next_def() : *network->def())};
}

remote::NetworkGetAutostartRet Networks::get_autostart(const rpc::Caller&,
                                                       const remote::NetworkGetAutostartArgs& args) {
    return {.autostart = find(args.net)->autostarts() ? 1 : 0};
}

remote::NetworkGetBridgeNameRet Networks::bridge_name(const rpc::Caller&,
                                                      const remote::NetworkGetBridgeNameArgs& args) {
    const auto network = find(args.net);
    if (network->def()->bridge.name.empty())
        throw Error(ErrorCode::internal_error,
                    fmt::format("network '{}' does not have a bridge name.", network->name()));
    return {.name = network->def()->bridge.name};
}

remote::NetworkIsActiveRet Networks::is_active(const rpc::Caller&, const remote::NetworkIsActiveArgs& args) {
    return {.active = find(args.net)->is_active() ? 1 : 0};
}

remote::NetworkIsPersistentRet Networks::is_persistent(const rpc::Caller&,
                                                       const remote::NetworkIsPersistentArgs& args) {
    return {.persistent = find(args.net)->is_persistent() ? 1 : 0};
}

/// Addresses are lent while a network runs; until networks do, there are none.
remote::NetworkGetDhcpLeasesRet Networks::leases(const rpc::Caller&, const remote::NetworkGetDhcpLeasesArgs& args) {
    allow_flags(args.flags, 0, "NetworkGetDHCPLeases");
    find(args.net);
    if (args.mac && !model::MacAddress::parse(*args.mac)) throw Error(ErrorCode::invalid_mac, *args.mac);
    return {};
}

remote::ConnectNetworkEventRegisterAnyRet Networks::register_event(
    const rpc::Caller& caller, const remote::ConnectNetworkEventRegisterAnyArgs& args) {
    if (args.eventID != protocol::VIR_NETWORK_EVENT_ID_LIFECYCLE)
        throw Error(ErrorCode::internal_error, fmt::format("unsupported network event ID {}", args.eventID));
    const auto object = args.net ? find(*args.net)->uuid().text() : std::string();
    return {.callbackID = events_.add(caller.session, args.eventID, object, objects::EventHub::Style::callback)};
}

void Networks::deregister_event(const rpc::Caller& caller, const remote::ConnectNetworkEventDeregisterAnyArgs& args) {
    events_.remove(*caller.session, args.callbackID);
}

}  // namespace innkeeper::network
