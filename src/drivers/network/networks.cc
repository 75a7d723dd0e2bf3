#include "drivers/network/networks.h"

#include <fmt/format.h>

#include <chrono>

#include "base/error.h"
#include "base/in_domain.h"
#include "base/log.h"
#include "objects/requests.h"
#include "protocol/constants.h"
#include "protocol/remote/events.h"
#include "xml/node.h"

namespace innkeeper::network {

namespace remote = protocol::remote;
using namespace std::chrono_literals;

namespace {

constexpr auto patience = 30s;

model::Network parse(std::string_view text) {
    return in_domain(ErrorDomain::network, [&] {
        const auto document = xml::Document::parse(text, "(network_definition)");
        return model::network.read(document.root("network"));
    });
}

Task<DefPtr> read_definition(const objects::DefinitionStore& store, objects::DefinitionStore::Found found) {
    auto def = parse(co_await store.read(found.name));
    def.uuid = found.uuid;
    co_return std::make_shared<const model::Network>(std::move(def));
}

}  // namespace

Networks::Networks(std::unique_ptr<objects::DefinitionStore> store, std::unique_ptr<Backend> backend)
    : store_(std::move(store)), backend_(std::move(backend)), registry_("network", ErrorDomain::network) {
    rpc::HandlerTable table;
    describe(table);
    add_questions(table);
    add_changes(table);
    add_ports(table);
    if (const auto only = backend_->procedures(); only.empty())
        handlers_.merge(table);
    else
        handlers_.merge(table, only);
}

Task<> Networks::start() {
    for (const auto& found : co_await store_->scan()) {
        try {
            auto network = std::make_shared<Network>(nullptr);
            network->define(co_await read_definition(*store_, found));
            network->set_autostart(found.autostart);
            registry_.add(std::move(network));
        } catch (const Error& error) {
            log::error("network '{}' is left alone: {}", found.name, error.message());
        }
    }
}

Task<> Networks::reload() {
    const auto turn = co_await turns_->take("reload", patience, "networks");
    for (const auto& found : co_await store_->look_again()) {
        try {
            const auto def = co_await read_definition(*store_, found);
            auto network = registry_.match(found.name, found.uuid);
            if (!network) {
                network = std::make_shared<Network>(def);
                registry_.add(network);
            }
            network->define(def);
            network->set_autostart(found.autostart);
        } catch (const Error& error) {
            log::error("network '{}' is left alone: {}", found.name, error.message());
        }
    }
}

Task<> Networks::add(xml::Node element) {
    const auto network = co_await define_document(element.source());
    const auto turn = co_await turns_->take("start", patience, "networks");
    co_await start_network(network);
}

Networks::Asked Networks::read(std::string_view text) const {
    auto def = parse(text);
    backend_->check(def);
    auto network = registry_.match(def.name, *def.uuid);
    backend_->complete(def, [&](std::string_view bridge) -> const Network* {
        for (const auto& [name, other] : registry_.all())
            if (other->uuid() != *def.uuid && other->next_def()->bridge.name == bridge) return other.get();
        return nullptr;
    });
    return {std::make_shared<const model::Network>(std::move(def)), std::move(network)};
}

Networks::Ptr Networks::find(const remote::Network& which) const {
    if (auto found = registry_.by_uuid(which.uuid)) return found;
    throw Error(ErrorCode::no_network,
                fmt::format("no network with matching uuid '{}' ({})", which.uuid.text(), which.name));
}

Networks::Ptr Networks::find_active(const remote::Network& which) const {
    auto network = find(which);
    if (!network->is_active())
        throw Error(ErrorCode::operation_invalid, fmt::format("network '{}' is not active", network->name()));
    return network;
}

void Networks::allow_flags(std::uint32_t flags, std::uint32_t known, std::string_view function) const {
    objects::allow_flags(flags, known, ErrorDomain::none, backend_->function(function));
}

void Networks::publish(const Network& network, std::int32_t what) {
    constexpr int id = protocol::VIR_NETWORK_EVENT_ID_LIFECYCLE;
    const auto key = network.uuid().text();
    if (!events_.wanted(id, key)) return;
    const remote::NetworkEventLifecycleMsg message{.net = {.name = network.name(), .uuid = network.uuid()},
                                                   .event = what};
    events_.publish(id, key, {.callback = &remote::NetworkEventLifecycle::row}, rpc::encoded(message).substr(4));
}

}  // namespace innkeeper::network
