#include "shutdown/host.h"

#include <fmt/format.h>

#include <algorithm>

#include "protocol/remote/connect.h"
#include "protocol/remote/domain.h"
#include "protocol/remote/events.h"
#include "shutdown/console.h"
#include "shutdown/reach.h"
#include "shutdown/wake.h"

namespace innkeeper::shutdown {

namespace {

namespace remote = protocol::remote;
using namespace std::chrono_literals;

constexpr std::uint32_t list_active = 1, list_transient = 8;
constexpr int lifecycle_event = 0, event_stopped = 5;

}  // namespace

Host::Host(Target target, std::chrono::milliseconds patience) : target_(std::move(target)), patience_(patience) {}

Host::~Host() = default;

Error Host::closed() const {
    return Error(ErrorCode::rpc, ErrorDomain::rpc,
                 fmt::format("the daemon at '{}' closed the connection", target_.socket));
}

void Host::lose(const Error& why) {
    if (!lost_) lost_ = why;
    tell();
}

void Host::tell() {
    for (Wait* wait : std::exchange(waiting_, {})) wait->wake();
}

Task<std::shared_ptr<rpc::Client>> Host::open_client() const {
    auto client = co_await reach(target_);
    const auto auth = co_await client->call<remote::AuthList>();
    if (std::ranges::count(auth.types, remote::AuthType::sasl) > 0)
        throw Error(ErrorCode::auth_failed, ErrorDomain::rpc,
                    "the daemon wants a SASL login, which nobody is there for");
    if (std::ranges::count(auth.types, remote::AuthType::polkit) > 0) co_await client->call<remote::AuthPolkit>();
    remote::ConnectOpenArgs args;
    args.name = target_.name;
    co_await client->call<remote::ConnectOpen>(std::move(args));
    co_return client;
}

Task<> Host::connect() {
    co_await wake_daemon(target_, patience_);
    auto client = co_await within(patience_, "connecting", open_client());
    client->on_event<remote::DomainEventCallbackLifecycle>([this](const remote::DomainEventCallbackLifecycleMsg& told) {
        if (told.msg.event != event_stopped) return;
        ended_.insert(told.msg.dom.uuid);
        tell();
    });
    client_ = client;
    tasks_.spawn(hear_end(client));
    try {
        remote::ConnectDomainEventCallbackRegisterAnyArgs args;
        args.eventID = lifecycle_event;
        co_await ask<remote::ConnectDomainEventCallbackRegisterAny>(std::move(args));
    } catch (const Error& error) {
        // Without events the questions that are asked now and then must do; without answers there is nothing.
        if (lost_) throw;
    }
}

Task<> Host::hear_end(std::shared_ptr<rpc::Client> client) {
    co_await client->closed();
    tell();
}

Task<> Host::leave() {
    co_await tasks_.close();
    client_ = nullptr;
}

Task<std::vector<Domain>> Host::running() {
    remote::ConnectListAllDomainsArgs args{.need_results = 1, .flags = list_active};
    auto domains = (co_await ask<remote::ConnectListAllDomains>(args)).domains;
    std::erase_if(domains, [](const Domain& domain) { return domain.uuid == Uuid{}; });
    std::ranges::sort(domains, {}, &Domain::id);
    co_return domains;
}

Task<std::set<Uuid>> Host::transient() {
    remote::ConnectListAllDomainsArgs args{.need_results = 1, .flags = list_active | list_transient};
    std::set<Uuid> uuids;
    for (const auto& domain : (co_await ask<remote::ConnectListAllDomains>(args)).domains) uuids.insert(domain.uuid);
    co_return uuids;
}

Task<std::string> Host::canonical_uri() { co_return (co_await ask<remote::ConnectGetUri>({})).uri; }

Task<std::optional<Domain>> Host::find(Uuid uuid) {
    try {
        remote::DomainLookupByUuidArgs args{.uuid = uuid};
        co_return (co_await ask<remote::DomainLookupByUuid>(args)).dom;
    } catch (const Error& error) {
        if (error.code() != ErrorCode::no_domain) throw;
    }
    co_return std::nullopt;
}

Task<bool> Host::still_runs(Domain guest) {
    if (has_ended(guest.uuid)) co_return false;
    if (!client_ || client_->is_closed()) {
        // A daemon that leaves when its last guest has gone is not to be woken for that answer.
        if (!target_.may_have_guests()) co_return false;
        co_await reconnect();
    }
    const auto now = co_await find(guest.uuid);
    co_return now && now->id != -1;
}

Task<> Host::reconnect() {
    if (lost_) throw Error(*lost_);
    if (connecting_) {
        while (connecting_) co_await news(Loop::current().now() + patience_);
        if (lost_) throw Error(*lost_);
        co_return;
    }
    struct Connecting {
        Host& host;
        explicit Connecting(Host& it) : host(it) { host.connecting_ = true; }
        ~Connecting() {
            host.connecting_ = false;
            host.tell();
        }
    } connecting(*this);
    for (const auto end = Loop::current().now() + patience_;;) {
        std::optional<Error> failed;
        try {
            co_await connect();
            co_return;
        } catch (const Error& error) {
            failed = error;
        }
        if (Loop::current().now() >= end) lose(*failed);
        if (lost_) throw Error(*lost_);
        co_await sleep_for(500ms);
    }
}

Task<> Host::news(Clock::time_point until) {
    Wait wait;
    struct Listed {
        std::vector<Wait*>& list;
        Wait& wait;
        Listed(std::vector<Wait*>& all, Wait& one) : list(all), wait(one) { list.push_back(&wait); }
        ~Listed() { std::erase(list, &wait); }
    } listed(waiting_, wait);
    const auto timer = Loop::current().at(until, [&wait] { wait.wake(); });
    co_await wait;
}

}  // namespace innkeeper::shutdown
