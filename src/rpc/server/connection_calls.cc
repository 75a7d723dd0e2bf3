#include "rpc/server/connection_calls.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <functional>
#include <utility>

#include "base/log.h"
#include "loop/pool.h"
#include "rpc/server/client_scope.h"
#include "rpc/server/identity_params.h"
#include "rpc/server/relay.h"

namespace innkeeper::rpc {

namespace wire = protocol::remote;

namespace {

constexpr std::uint32_t open_read_only = 1;
constexpr std::uint64_t lib_version = 9'000'000;  // what we are compatible with: clients choose their calls by it

constexpr int feature_descriptors = 8, feature_typed_strings = 9, feature_keepalive = 10, feature_event_callbacks = 14,
              feature_close_callback = 15, feature_network_update_order = 16;

Session& session_of(const Caller& caller) { return static_cast<Session&>(*caller.session); }

const Opened& opened(const Caller& caller) {
    const auto& opened = session_of(caller).opened();
    if (!opened) throw Error(ErrorCode::internal_error, ErrorDomain::rpc, "hypervisor connection not open");
    return *opened;
}

Error auth_failed() { return Error(ErrorCode::auth_failed, ErrorDomain::rpc, "authentication failed"); }

/// A client says apart that it has no data, and that its data is empty.
std::optional<std::string> sasl_data(std::int32_t nil, std::string data) {
    if (nil != 0) return std::nullopt;
    return data;
}

class SaslLayer final : public SecurityLayer {
  public:
    explicit SaslLayer(std::shared_ptr<access::SaslSession> sasl) : sasl_(std::move(sasl)) {}
    std::size_t longest() const override { return sasl_->longest(); }
    std::string_view encode(std::string_view plain) override { return sasl_->encode(plain); }
    std::string_view decode(std::string_view wrapped) override { return sasl_->decode(wrapped); }
    unsigned strength() const override { return sasl_->layer_strength(); }

  private:
    std::shared_ptr<access::SaslSession> sasl_;
};

std::string host_name() {
    std::array<char, 256> name{};
    if (::gethostname(name.data(), name.size() - 1) != 0) return "localhost";
    return name.data();
}

}  // namespace

void ConnectionCalls::add_to(HandlerTable& table) {
    table.add<wire::ConnectOpen>(*this, &ConnectionCalls::connect_open);
    table.add<wire::ConnectSetIdentity>(*this, &ConnectionCalls::connect_set_identity);
    table.add<wire::ConnectClose>(*this, &ConnectionCalls::connect_close);
    table.add<wire::ConnectSupportsFeature>(*this, &ConnectionCalls::connect_supports_feature);
    table.add<wire::ConnectGetUri>(*this, &ConnectionCalls::connect_get_uri);
    table.add<wire::ConnectGetHostname>(*this, &ConnectionCalls::connect_get_hostname);
    table.add<wire::ConnectGetLibVersion>(*this, &ConnectionCalls::connect_get_lib_version);
    table.add<wire::ConnectIsSecure>(*this, &ConnectionCalls::connect_is_secure);
    table.add<wire::ConnectRegisterCloseCallback>(*this, &ConnectionCalls::connect_register_close_callback);
    table.add<wire::ConnectUnregisterCloseCallback>(*this, &ConnectionCalls::connect_unregister_close_callback);
    table.add<wire::AuthList>(*this, &ConnectionCalls::auth_list);
    table.add<wire::AuthPolkit>(*this, &ConnectionCalls::auth_polkit);
    table.add<wire::AuthSaslInit>(*this, &ConnectionCalls::auth_sasl_init);
    table.add<wire::AuthSaslStart>(*this, &ConnectionCalls::auth_sasl_start);
    table.add<wire::AuthSaslStep>(*this, &ConnectionCalls::auth_sasl_step);
}

Task<> ConnectionCalls::connect_open(Caller caller, wire::ConnectOpenArgs args) {
    Session& session = session_of(caller);
    if (session.opened()) {
        // The peer (9.0) gives up what the first open had opened.
        session.drop_opened();
        throw Error(ErrorCode::internal_error, ErrorDomain::rpc, "connection already open");
    }
    if (!args.name) throw Error(ErrorCode::internal_error, ErrorDomain::rpc, "connection not open");
    // Bits of the client's own come along in the flags: only this one is meant for us.
    auto opened = co_await drivers_.open(*args.name);
    // The drivers that are asked about are known only now.
    co_await session.demand_opening(*caller.row, opened.drivers);
    if ((args.flags & open_read_only) != 0) session.be_read_only();
    if (const auto whole = opened.drivers->whole) {
        bool made = false;
        const auto relay = session.relay_to(whole, &made);
        if (made) co_await relay->open();
    }
    session.set_opened(std::move(opened), (args.flags & open_read_only) != 0);
}

/// One daemon of this host asks for the client of another. Whoever could say so untruly is root anyway.
void ConnectionCalls::connect_set_identity(const Caller& caller, const wire::ConnectSetIdentityArgs& args) {
    if (args.flags != 0)
        throw Error::invalid_argument(
            ErrorDomain::none, caller.row->api, "flags",
            fmt::format("unsupported flags (0x{:x}) in function {}", args.flags, caller.row->api));
    Session& session = session_of(caller);
    if (session.own_identity().uid != ::geteuid())
        throw Error(ErrorCode::operation_denied, ErrorDomain::rpc, "only a daemon of this host speaks for others");
    Identity identity = identity_from(args.params);
    const auto token = find_string(args.params, system_token_param);
    identity.is_system = token && !token_.empty() && *token == token_;
    session.speak_for(std::move(identity));
}

void ConnectionCalls::connect_close(const Caller& caller) { session_of(caller).close_after_reply(); }

wire::ConnectSupportsFeatureRet ConnectionCalls::connect_supports_feature(
    const Caller& caller, const wire::ConnectSupportsFeatureArgs& args) {
    // The question whether we know keepalive is the request to begin with it.
    if (args.feature == feature_keepalive) {
        session_of(caller).start_keepalive();
        return {1};
    }
    const auto& features = opened(caller).drivers->features;
    switch (args.feature) {
        case feature_descriptors:
        case feature_typed_strings:
        case feature_event_callbacks:
        case feature_close_callback:
        case feature_network_update_order:
            return {1};
        default:
            return {std::ranges::find(features, args.feature) != features.end() ? 1 : 0};
    }
}

wire::ConnectGetUriRet ConnectionCalls::connect_get_uri(const Caller& caller) { return {opened(caller).uri}; }

wire::ConnectGetHostnameRet ConnectionCalls::connect_get_hostname(const Caller& caller) {
    opened(caller);
    return {host_name()};
}

wire::ConnectGetLibVersionRet ConnectionCalls::connect_get_lib_version(const Caller& caller) {
    opened(caller);
    return {lib_version};
}

wire::ConnectIsSecureRet ConnectionCalls::connect_is_secure(const Caller& caller) {
    opened(caller);
    return {session_of(caller).connection().is_secure() ? 1 : 0};
}

// Our drivers lose no connection of their own: there is nothing to tell, as with the peer's local drivers.
void ConnectionCalls::connect_register_close_callback(const Caller& caller) { opened(caller); }
void ConnectionCalls::connect_unregister_close_callback(const Caller& caller) { opened(caller); }

wire::AuthListRet ConnectionCalls::auth_list(const Caller& caller) {
    Session& session = session_of(caller);
    const auto configured = session.service().authentication;
    auto type = static_cast<wire::AuthType>(0);
    if (!session.is_authenticated()) {
        // Root need not ask polkit, but is let in by this very call only.
        if (configured == Authentication::polkit && session.identity().uid == uid_t{0})
            session.set_authenticated();
        else
            type = static_cast<wire::AuthType>(configured == Authentication::polkit ? 2 : 1);
    }
    return {{type}};
}

Task<wire::AuthPolkitRet> ConnectionCalls::auth_polkit(Caller caller) {
    Session& session = session_of(caller);
    if (session.is_authenticated() || session.service().authentication != Authentication::polkit) throw auth_failed();
    if (polkit_ == nullptr)
        throw Error(ErrorCode::auth_unavailable, ErrorDomain::polkit, "polkit is not available to this daemon");
    session.begin_authentication();
    // Whoever goes takes the question with him.
    ClientScope while_there(caller.session, co_await current_scope());
    co_await polkit_->check(session.identity(), session.service().read_only).under(while_there.scope());
    session.set_authenticated();
    co_return wire::AuthPolkitRet{1};
}

Task<wire::AuthSaslInitRet> ConnectionCalls::auth_sasl_init(Caller caller) {
    const auto session = std::static_pointer_cast<Session>(caller.session);
    if (session->is_authenticated() || session->service().authentication != Authentication::sasl) throw auth_failed();
    session->begin_authentication();
    session->take_sasl();
    const Connection& connection = session->connection();
    const access::SaslSession::Transport transport{.local = connection.local_address(),
                                                   .remote = connection.remote_address(),
                                                   .strength = connection.strength(),
                                                   .is_secure = connection.is_secure()};
    auto [sasl, names] = co_await in_pool([policy = sasl_, transport] {
        auto begun = std::make_shared<access::SaslSession>(policy, transport);
        std::string mechanisms = begun->mechanisms();
        return std::pair(std::move(begun), std::move(mechanisms));
    });
    if (!session->is_closed()) session->keep_sasl(std::move(sasl));
    co_return wire::AuthSaslInitRet{std::move(names)};
}

Task<wire::AuthSaslStartRet> ConnectionCalls::auth_sasl_start(Caller caller, wire::AuthSaslStartArgs args) {
    return go_on<wire::AuthSaslStartRet>(
        std::static_pointer_cast<Session>(caller.session),
        [mechanism = std::move(args.mech), data = sasl_data(args.nil, std::move(args.data))](
            access::SaslSession& sasl) { return sasl.start(mechanism, data); });
}

Task<wire::AuthSaslStepRet> ConnectionCalls::auth_sasl_step(Caller caller, wire::AuthSaslStepArgs args) {
    return go_on<wire::AuthSaslStepRet>(
        std::static_pointer_cast<Session>(caller.session),
        [data = sasl_data(args.nil, std::move(args.data))](access::SaslSession& sasl) { return sasl.step(data); });
}

template <class Ret>
Task<Ret> ConnectionCalls::go_on(std::shared_ptr<Session> session,
                                 std::move_only_function<access::SaslSession::Step(access::SaslSession&)> step) {
    const auto sasl = session->take_sasl();
    if (!sasl) throw auth_failed();
    auto result = co_await in_pool([sasl, step = std::move(step)]() mutable { return step(*sasl); });
    Ret ret;
    ret.complete = result.complete ? 1 : 0;
    ret.nil = result.data ? 0 : 1;
    ret.data = std::move(result.data).value_or("");
    if (session->is_closed()) co_return ret;
    if (!result.complete) {
        session->keep_sasl(sasl);
        co_return ret;
    }
    session->own_identity().sasl_user = sasl->user();
    log::info("client {} is SASL user '{}'", session->id(), sasl->user());
    if (sasl->layer_strength() > 0) session->wrap_after_reply(std::make_unique<SaslLayer>(sasl));
    session->set_authenticated();
    co_return ret;
}

}  // namespace innkeeper::rpc
