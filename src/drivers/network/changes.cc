#include <fmt/format.h>

#include <chrono>

#include "base/error.h"
#include "drivers/network/networks.h"
#include "loop/pool.h"
#include "model/network/update.h"
#include "protocol/constants.h"

/// What defines, starts, changes and ends networks. Each holds the turn of all networks, and looks what it is about up
/// again once it has it.
namespace innkeeper::network {

namespace remote = protocol::remote;
using namespace std::chrono_literals;

namespace {

constexpr auto patience = 30s;

remote::Network handle(const Network& network) { return {.name = network.name(), .uuid = network.uuid()}; }

[[noreturn]] void invalid(std::string message) { throw Error(ErrorCode::operation_invalid, std::move(message)); }

}  // namespace

void Networks::add_changes(rpc::HandlerTable& table) {
    table.add<remote::NetworkDefineXml>(*this, &Networks::define);
    table.add<remote::NetworkDefineXmlFlags>(*this, &Networks::define_flags);
    table.add<remote::NetworkCreateXml>(*this, &Networks::create_xml);
    table.add<remote::NetworkCreateXmlFlags>(*this, &Networks::create_xml_flags);
    table.add<remote::NetworkCreate>(*this, &Networks::create);
    table.add<remote::NetworkDestroy>(*this, &Networks::destroy);
    table.add<remote::NetworkUpdate>(*this, &Networks::update);
    table.add<remote::NetworkUndefine>(*this, &Networks::undefine);
    table.add<remote::NetworkSetAutostart>(*this, &Networks::set_autostart);
}

// ------------------------------------------------------------------------------------------------------- definitions

Task<Networks::Ptr> Networks::define_document(std::string text) {
    const auto turn = co_await turns_->take("define", patience, "networks");
    auto [def, network] = read(text);
    co_await store_->write(def->name, *def->uuid, model::network.format(*def));
    if (!network) {
        network = std::make_shared<Network>(def);
        registry_.add(network);
    }
    network->define(def);
    registry_.touch();
    publish(*network, protocol::VIR_NETWORK_EVENT_DEFINED);
    co_return network;
}

Task<remote::NetworkDefineXmlRet> Networks::define(rpc::Caller, remote::NetworkDefineXmlArgs args) {
    const auto network = co_await define_document(std::move(args.xml));
    co_return remote::NetworkDefineXmlRet{.net = handle(*network)};
}

Task<remote::NetworkDefineXmlFlagsRet> Networks::define_flags(rpc::Caller, remote::NetworkDefineXmlFlagsArgs args) {
    allow_flags(args.flags, protocol::VIR_NETWORK_DEFINE_VALIDATE, "NetworkDefineXMLFlags");
    if (args.flags != 0) co_await in_pool([text = args.xml] { model::validate_network(text); });
    const auto network = co_await define_document(std::move(args.xml));
    co_return remote::NetworkDefineXmlFlagsRet{.net = handle(*network)};
}

Task<> Networks::undefine(rpc::Caller, remote::NetworkUndefineArgs args) {
    const auto turn = co_await turns_->take("undefine", patience, "networks");
    const auto network = find(args.net);
    backend_->check_undefine(*network);
    if (!network->is_persistent()) invalid("can't undefine transient network");
    co_await store_->remove(network->name());
    if (network->is_active())
        network->forget_definition();
    else
        registry_.remove(*network);
    registry_.touch();
    publish(*network, protocol::VIR_NETWORK_EVENT_UNDEFINED);
}

Task<> Networks::set_autostart(rpc::Caller, remote::NetworkSetAutostartArgs args) {
    const auto turn = co_await turns_->take("autostart", patience, "networks");
    const auto network = find(args.net);
    backend_->check_autostart(*network);
    const bool autostart = args.autostart != 0;
    if (network->autostarts() == autostart) co_return;
    if (network->is_persistent()) co_await store_->set_autostart(network->name(), autostart);
    network->set_autostart(autostart);
    registry_.touch();
}

// -------------------------------------------------------------------------------------------------- starting, ending

Task<> Networks::start_network(Ptr network) {
    co_await backend_->start(network->def());
    network->start();
    registry_.touch();
    publish(*network, protocol::VIR_NETWORK_EVENT_STARTED);
}

Task<> Networks::create(rpc::Caller, remote::NetworkCreateArgs args) {
    const auto turn = co_await turns_->take("start", patience, "networks");
    const auto network = find(args.net);
    if (network->is_active()) backend_->refuse_start(*network);
    co_await start_network(network);
}

Task<Networks::Ptr> Networks::create_document(std::string text) {
    const auto turn = co_await turns_->take("start", patience, "networks");
    auto [def, network] = read(text);
    if (network && network->is_active()) invalid(fmt::format("network is already active as '{}'", network->name()));
    if (!network) network = std::make_shared<Network>(def);
    co_await backend_->start(def);
    network->start();
    if (network->is_persistent())
        network->change_running(def);
    else
        registry_.add(network);
    registry_.touch();
    publish(*network, protocol::VIR_NETWORK_EVENT_STARTED);
    co_return network;
}

Task<remote::NetworkCreateXmlRet> Networks::create_xml(rpc::Caller, remote::NetworkCreateXmlArgs args) {
    const auto network = co_await create_document(std::move(args.xml));
    co_return remote::NetworkCreateXmlRet{.net = handle(*network)};
}

Task<remote::NetworkCreateXmlFlagsRet> Networks::create_xml_flags(rpc::Caller, remote::NetworkCreateXmlFlagsArgs args) {
    allow_flags(args.flags, protocol::VIR_NETWORK_CREATE_VALIDATE, "NetworkCreateXMLFlags");
    if (args.flags != 0) co_await in_pool([text = args.xml] { model::validate_network(text); });
    const auto network = co_await create_document(std::move(args.xml));
    co_return remote::NetworkCreateXmlFlagsRet{.net = handle(*network)};
}

Task<> Networks::destroy(rpc::Caller, remote::NetworkDestroyArgs args) {
    const auto turn = co_await turns_->take("stop", patience, "networks");
    const auto network = find(args.net);
    if (!network->is_active()) {
        backend_->refuse_stop(*network);
        co_return;
    }
    co_await backend_->stop(network->def());
    network->stop();
    registry_.touch();
    publish(*network, protocol::VIR_NETWORK_EVENT_STOPPED);
    if (!network->is_persistent()) registry_.remove(*network);
}

// ---------------------------------------------------------------------------------------------------------- sections

Task<> Networks::update(rpc::Caller, remote::NetworkUpdateArgs args) {
    constexpr auto live_flag = protocol::VIR_NETWORK_UPDATE_AFFECT_LIVE,
                   config_flag = protocol::VIR_NETWORK_UPDATE_AFFECT_CONFIG;
    allow_flags(args.flags, live_flag | config_flag, "NetworkUpdate");
    const auto turn = co_await turns_->take("update", patience, "networks");
    const auto network = find(args.net);
    const bool is_current = args.flags == 0;
    const bool live = is_current ? network->is_active() : (args.flags & live_flag) != 0;
    const bool config = is_current ? !network->is_active() : (args.flags & config_flag) != 0;
    if (live && !network->is_active()) invalid("network is not running");
    if (config && !network->is_persistent()) invalid("cannot change persistent config of a transient network");
    const model::NetworkUpdate update{.command = model::NetworkUpdate::Command(args.command),
                                      .section = model::NetworkUpdate::Section(args.section),
                                      .index = args.parentIndex,
                                      .xml = args.xml};
    // Both or neither: what is wrong with one of them shows before the other is changed.
    const auto changed = [&](bool is_meant, const DefPtr& def) {
        return is_meant ? std::make_shared<const model::Network>(model::updated(*def, update)) : nullptr;
    };
    const DefPtr next = changed(config, network->next_def()), running = changed(live, network->def());
    if (next) co_await store_->write(next->name, *next->uuid, model::network.format(*next));
    if (running) network->change_running(running);
    if (next) network->define(next);
}

}  // namespace innkeeper::network
