#pragma once

#include <memory>

#include "access/authenticator.h"
#include "access/sasl.h"
#include "protocol/remote/connect.h"
#include "rpc/codec/handlers.h"
#include "rpc/server/session.h"

namespace innkeeper::rpc {

/// The calls of the remote program that concern the connection itself: opening and closing it, authentication, and
/// what a client asks about it. Drivers have all the others.
class ConnectionCalls {
  public:
    /// Without an authenticator polkit's question cannot be asked: then only root gets in where polkit is configured.
    explicit ConnectionCalls(Drivers& drivers, access::Authenticator* polkit = nullptr, access::SaslPolicy sasl = {})
        : drivers_(drivers), polkit_(polkit), sasl_(std::move(sasl)) {}
    void add_to(HandlerTable& table);
    /// What the host's daemons know each other by.
    void set_token(std::string token) { token_ = std::move(token); }

  private:
    Task<> connect_open(Caller caller, protocol::remote::ConnectOpenArgs args);
    void connect_set_identity(const Caller& caller, const protocol::remote::ConnectSetIdentityArgs& args);
    void connect_close(const Caller& caller);
    protocol::remote::ConnectSupportsFeatureRet connect_supports_feature(
        const Caller& caller, const protocol::remote::ConnectSupportsFeatureArgs& args);
    protocol::remote::ConnectGetUriRet connect_get_uri(const Caller& caller);
    protocol::remote::ConnectGetHostnameRet connect_get_hostname(const Caller& caller);
    protocol::remote::ConnectGetLibVersionRet connect_get_lib_version(const Caller& caller);
    protocol::remote::ConnectIsSecureRet connect_is_secure(const Caller& caller);
    void connect_register_close_callback(const Caller& caller);
    void connect_unregister_close_callback(const Caller& caller);

    protocol::remote::AuthListRet auth_list(const Caller& caller);
    Task<protocol::remote::AuthPolkitRet> auth_polkit(Caller caller);
    Task<protocol::remote::AuthSaslInitRet> auth_sasl_init(Caller caller);
    Task<protocol::remote::AuthSaslStartRet> auth_sasl_start(Caller caller, protocol::remote::AuthSaslStartArgs args);
    Task<protocol::remote::AuthSaslStepRet> auth_sasl_step(Caller caller, protocol::remote::AuthSaslStepArgs args);
    template <class Ret>
    Task<Ret> go_on(std::shared_ptr<Session> session,
                    std::move_only_function<access::SaslSession::Step(access::SaslSession&)> step);

    Drivers& drivers_;
    access::Authenticator* polkit_;
    access::SaslPolicy sasl_;
    std::string token_;
};

}  // namespace innkeeper::rpc
