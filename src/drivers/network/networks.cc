#include "drivers/network/networks.h"

#include <fmt/format.h>
#include <net/if.h>

#include <algorithm>
#include <chrono>
#include <ranges>

#include "base/error.h"
#include "base/files.h"
#include "base/log.h"
#include "loop/pool.h"
#include "model/network/host_checks.h"
#include "model/network/update.h"
#include "objects/file_store.h"
#include "objects/requests.h"
#include "protocol/constants.h"
#include "protocol/remote/events.h"
#include "xml/node.h"

namespace innkeeper::network {

namespace remote = protocol::remote;
using namespace std::chrono_literals;

namespace {

constexpr auto patience = 30s;
constexpr unsigned most_bridges = 256;

remote::Network handle(const Network& network) { return {.name = network.name(), .uuid = network.uuid()}; }

model::Network parse(std::string_view text) {
    const auto document = xml::Document::parse(text, "(network_definition)");
    return model::network.read(document.root("network"));
}

bool is_on_host(const std::string& interface) { return ::if_nametoindex(interface.c_str()) != 0; }

/// A function that needs SR-IOV cannot work with what is not a virtual function.
void check_functions(const model::Network& def) {
    if (!def.forward) return;
    for (const auto& address : def.forward->addresses) {
        const auto device = "/sys/bus/pci/devices/" + address.text();
        if (!path_exists(device + "/physfn"))
            throw Error(ErrorCode::config_unsupported,
                        fmt::format("device '{}' in network '{}' is not an SR-IOV Virtual Function", device, def.name));
    }
}

}  // namespace

Networks::Networks(const Paths& paths)
    : store_(std::make_unique<objects::FileStore>(paths.config() + "/qemu/networks", "network", "net-edit")),
      registry_("network", ErrorDomain::network) {}

Task<> Networks::start() {
    for (const auto& found : co_await store_->scan()) {
        const auto text = co_await store_->read(found.name);
        try {
            auto def = parse(text);
            def.uuid = found.uuid;
            registry_.add(
                std::make_shared<Network>(std::make_shared<const model::Network>(std::move(def)), found.autostart));
        } catch (const Error& error) {
            log::error("network '{}' is left alone: {}", found.name, error.message());
        }
    }
}

Task<> Networks::reload() {
    const auto turn = co_await turns_->take("reload", patience, "networks");
    for (const auto& found : co_await store_->look_again()) {
        try {
            auto def = parse(co_await store_->read(found.name));
            def.uuid = found.uuid;
            auto network = registry_.match(found.name, found.uuid);
            const auto shared = std::make_shared<const model::Network>(std::move(def));
            if (network) {
                network->set_def(shared);
                network->set_autostart(found.autostart);
            } else {
                registry_.add(std::make_shared<Network>(shared, found.autostart));
            }
        } catch (const Error& error) {
            log::error("network '{}' is left alone: {}", found.name, error.message());
        }
    }
}

rpc::HandlerTable Networks::handlers() {
    rpc::HandlerTable table;
    table.add<remote::ConnectNumOfNetworks>(*this, &Networks::num_of_active);
    table.add<remote::ConnectListNetworks>(*this, &Networks::list_active);
    table.add<remote::ConnectNumOfDefinedNetworks>(*this, &Networks::num_of_defined);
    table.add<remote::ConnectListDefinedNetworks>(*this, &Networks::list_defined);
    table.add<remote::ConnectListAllNetworks>(*this, &Networks::list_all);
    table.add<remote::NetworkLookupByName>(*this, &Networks::by_name);
    table.add<remote::NetworkLookupByUuid>(*this, &Networks::by_uuid);
    table.add<remote::NetworkGetXmlDesc>(*this, &Networks::xml);
    table.add<remote::NetworkGetAutostart>(*this, &Networks::get_autostart);
    table.add<remote::NetworkSetAutostart>(*this, &Networks::set_autostart);
    table.add<remote::NetworkGetBridgeName>(*this, &Networks::bridge_name);
    table.add<remote::NetworkIsActive>(*this, &Networks::is_active);
    table.add<remote::NetworkIsPersistent>(*this, &Networks::is_persistent);
    table.add<remote::NetworkDefineXml>(*this, &Networks::define);
    table.add<remote::NetworkDefineXmlFlags>(*this, &Networks::define_flags);
    table.add<remote::NetworkUpdate>(*this, &Networks::update);
    table.add<remote::NetworkUndefine>(*this, &Networks::undefine);
    table.add<remote::NetworkDestroy>(*this, &Networks::destroy);
    table.add<remote::ConnectNetworkEventRegisterAny>(*this, &Networks::register_event);
    table.add<remote::ConnectNetworkEventDeregisterAny>(*this, &Networks::deregister_event);
    return table;
}

Networks::Ptr Networks::find(const remote::Network& which) const {
    if (auto found = registry_.by_uuid(which.uuid)) return found;
    throw Error(ErrorCode::no_network,
                fmt::format("no network with matching uuid '{}' ({})", which.uuid.text(), which.name));
}

// ---------------------------------------------------------------------------------------------------------- questions

remote::ConnectNumOfNetworksRet Networks::num_of_active(const rpc::Caller&) { return {.num = 0}; }

remote::ConnectListNetworksRet Networks::list_active(const rpc::Caller&, const remote::ConnectListNetworksArgs&) {
    return {};
}

remote::ConnectNumOfDefinedNetworksRet Networks::num_of_defined(const rpc::Caller&) {
    return {.num = static_cast<std::int32_t>(registry_.size())};
}

remote::ConnectListDefinedNetworksRet Networks::list_defined(const rpc::Caller&,
                                                             const remote::ConnectListDefinedNetworksArgs& args) {
    const auto names = std::views::keys(registry_.all());
    return {.names = objects::at_most({names.begin(), names.end()}, args.maxnames)};
}

remote::ConnectListAllNetworksRet Networks::list_all(const rpc::Caller&,
                                                     const remote::ConnectListAllNetworksArgs& args) {
    using objects::passes;
    objects::allow_flags(args.flags, 0x3f, ErrorDomain::network, "networkConnectListAllNetworks");
    remote::ConnectListAllNetworksRet ret;
    for (const auto& [name, network] : registry_.all()) {
        if (!passes(args.flags, protocol::VIR_CONNECT_LIST_NETWORKS_ACTIVE,
                    protocol::VIR_CONNECT_LIST_NETWORKS_INACTIVE, false) ||
            !passes(args.flags, protocol::VIR_CONNECT_LIST_NETWORKS_PERSISTENT,
                    protocol::VIR_CONNECT_LIST_NETWORKS_TRANSIENT, true) ||
            !passes(args.flags, protocol::VIR_CONNECT_LIST_NETWORKS_AUTOSTART,
                    protocol::VIR_CONNECT_LIST_NETWORKS_NO_AUTOSTART, network->autostarts()))
            continue;
        ++ret.ret;
        if (args.need_results != 0) ret.nets.push_back(handle(*network));
    }
    return ret;
}

remote::NetworkLookupByNameRet Networks::by_name(const rpc::Caller&, const remote::NetworkLookupByNameArgs& args) {
    if (const auto found = registry_.by_name(args.name)) return {.net = handle(*found)};
    throw Error(ErrorCode::no_network, fmt::format("no network with matching name '{}'", args.name));
}

remote::NetworkLookupByUuidRet Networks::by_uuid(const rpc::Caller&, const remote::NetworkLookupByUuidArgs& args) {
    if (const auto found = registry_.by_uuid(args.uuid)) return {.net = handle(*found)};
    throw Error(ErrorCode::no_network, fmt::format("no network with matching uuid '{}'", args.uuid.text()));
}

remote::NetworkGetXmlDescRet Networks::xml(const rpc::Caller&, const remote::NetworkGetXmlDescArgs& args) {
    objects::allow_flags(args.flags, 1, ErrorDomain::network, "networkGetXMLDesc");
    return {.xml = model::network.format(*find(args.net)->def())};
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
    find(args.net);
    return {.active = 0};
}

remote::NetworkIsPersistentRet Networks::is_persistent(const rpc::Caller&,
                                                       const remote::NetworkIsPersistentArgs& args) {
    find(args.net);
    return {.persistent = 1};
}

void Networks::destroy(const rpc::Caller&, const remote::NetworkDestroyArgs& args) {
    throw Error(ErrorCode::operation_invalid, fmt::format("network '{}' is not active", find(args.net)->name()));
}

// ------------------------------------------------------------------------------------------------------------ changes

/// Each network has a bridge of its own; one that names none gets the first free virbr.
void Networks::choose_bridge(model::Network& def) const {
    if (!def.has_own_bridge()) return;
    const auto owner_of = [&](std::string_view bridge) -> const Network* {
        for (const auto& [name, other] : registry_.all())
            if (other->uuid() != *def.uuid && other->def()->bridge.name == bridge) return other.get();
        return nullptr;
    };
    if (!def.bridge.name.empty()) {
        if (owner_of(def.bridge.name) != nullptr)
            throw Error(ErrorCode::internal_error, fmt::format("bridge name '{}' already in use.", def.bridge.name));
        return;
    }
    for (unsigned number = 0; number < most_bridges; ++number) {
        auto name = fmt::format("virbr{}", number);
        if (owner_of(name) != nullptr || is_on_host(name)) continue;
        def.bridge.name = std::move(name);
        return;
    }
    throw Error(ErrorCode::internal_error, fmt::format("Bridge generation exceeded max id {}", most_bridges));
}

Task<Networks::Ptr> Networks::define_document(std::string text) {
    auto def = parse(text);
    model::check_for_host(def);
    check_functions(def);
    if (def.has_own_bridge() && !def.mac) def.mac = model::MacAddress::random();
    const auto turn = co_await turns_->take("define", patience, "networks");
    auto network = registry_.match(def.name, *def.uuid);
    choose_bridge(def);
    const auto shared = std::make_shared<const model::Network>(std::move(def));
    co_await store_->write(shared->name, *shared->uuid, model::network.format(*shared));
    if (network) {
        network->set_def(shared);
    } else {
        network = std::make_shared<Network>(shared, false);
        registry_.add(network);
    }
    publish(*network, protocol::VIR_NETWORK_EVENT_DEFINED);
    co_return network;
}

Task<remote::NetworkDefineXmlRet> Networks::define(rpc::Caller, remote::NetworkDefineXmlArgs args) {
    const auto network = co_await define_document(std::move(args.xml));
    co_return remote::NetworkDefineXmlRet{.net = handle(*network)};
}

Task<remote::NetworkDefineXmlFlagsRet> Networks::define_flags(rpc::Caller, remote::NetworkDefineXmlFlagsArgs args) {
    objects::allow_flags(args.flags, 1, ErrorDomain::network, "networkDefineXMLFlags");
    if (args.flags != 0) co_await in_pool([text = args.xml] { model::validate_network(text); });
    const auto network = co_await define_document(std::move(args.xml));
    co_return remote::NetworkDefineXmlFlagsRet{.net = handle(*network)};
}

Task<> Networks::update(rpc::Caller, remote::NetworkUpdateArgs args) {
    constexpr auto live = protocol::VIR_NETWORK_UPDATE_AFFECT_LIVE;
    objects::allow_flags(args.flags, live | protocol::VIR_NETWORK_UPDATE_AFFECT_CONFIG, ErrorDomain::network,
                         "networkUpdate");
    const auto turn = co_await turns_->take("update", patience, "networks");
    const auto network = find(args.net);
    if ((args.flags & live) != 0) throw Error(ErrorCode::operation_invalid, "network is not running");
    auto def = model::updated(*network->def(), {.command = model::NetworkUpdate::Command(args.command),
                                                .section = model::NetworkUpdate::Section(args.section),
                                                .index = args.parentIndex,
                                                .xml = args.xml});
    const auto shared = std::make_shared<const model::Network>(std::move(def));
    co_await store_->write(shared->name, *shared->uuid, model::network.format(*shared));
    network->set_def(shared);
}

Task<> Networks::undefine(rpc::Caller, remote::NetworkUndefineArgs args) {
    const auto turn = co_await turns_->take("undefine", patience, "networks");
    const auto network = find(args.net);
    co_await store_->remove(network->name());
    registry_.remove(*network);
    publish(*network, protocol::VIR_NETWORK_EVENT_UNDEFINED);
}

Task<> Networks::set_autostart(rpc::Caller, remote::NetworkSetAutostartArgs args) {
    const auto turn = co_await turns_->take("autostart", patience, "networks");
    const auto network = find(args.net);
    const bool autostart = args.autostart != 0;
    if (network->autostarts() == autostart) co_return;
    co_await store_->set_autostart(network->name(), autostart);
    network->set_autostart(autostart);
}

// ------------------------------------------------------------------------------------------------------------- events

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

void Networks::publish(const Network& network, std::int32_t what) {
    constexpr int id = protocol::VIR_NETWORK_EVENT_ID_LIFECYCLE;
    const auto key = network.uuid().text();
    if (!events_.wanted(id, key)) return;
    const remote::NetworkEventLifecycleMsg message{.net = handle(network), .event = what};
    events_.publish(id, key, {.callback = &remote::NetworkEventLifecycle::row}, rpc::encoded(message).substr(4));
}

}  // namespace innkeeper::network
