#pragma once

#include <functional>
#include <vector>

#include "protocol/admin.h"
#include "rpc/codec/handlers.h"
#include "rpc/server/server.h"
#include "rpc/transport/tls.h"

namespace innkeeper::rpc {

/// The admin program: servers and their clients. Workers are answered as configured, for those who ask: there are none.
class AdminCalls {
  public:
    struct Workers {
        unsigned min = 5, max = 20, priority = 5;
    };
    struct Administered {
        Server* server;
        Workers workers;
    };

    /// `shut_down` ends the daemon in an orderly way; `set_timeout` changes the seconds of idleness after which it
    /// ends; `tls` says what the TLS sockets share, null if there are none.
    AdminCalls(std::vector<Administered> servers, std::function<void()> shut_down,
               std::function<void(unsigned)> set_timeout, std::function<TlsContext*()> tls);
    void add_to(HandlerTable& table);

  private:
    void connect_open(const Caller& caller, const protocol::admin::ConnectOpenArgs& args);
    void connect_close(const Caller& caller);
    protocol::admin::ConnectGetLibVersionRet connect_get_lib_version(const Caller& caller);
    protocol::admin::ConnectListServersRet connect_list_servers(const Caller& caller,
                                                                const protocol::admin::ConnectListServersArgs& args);
    protocol::admin::ConnectLookupServerRet connect_lookup_server(const Caller& caller,
                                                                  const protocol::admin::ConnectLookupServerArgs& args);
    protocol::admin::ServerGetThreadpoolParametersRet server_get_threadpool_parameters(
        const Caller& caller, const protocol::admin::ServerGetThreadpoolParametersArgs& args);
    void server_set_threadpool_parameters(const Caller& caller,
                                          const protocol::admin::ServerSetThreadpoolParametersArgs& args);
    protocol::admin::ServerListClientsRet server_list_clients(const Caller& caller,
                                                              const protocol::admin::ServerListClientsArgs& args);
    protocol::admin::ServerLookupClientRet server_lookup_client(const Caller& caller,
                                                                const protocol::admin::ServerLookupClientArgs& args);
    protocol::admin::ClientGetInfoRet client_get_info(const Caller& caller,
                                                      const protocol::admin::ClientGetInfoArgs& args);
    void client_close(const Caller& caller, const protocol::admin::ClientCloseArgs& args);
    protocol::admin::ServerGetClientLimitsRet server_get_client_limits(
        const Caller& caller, const protocol::admin::ServerGetClientLimitsArgs& args);
    void server_set_client_limits(const Caller& caller, const protocol::admin::ServerSetClientLimitsArgs& args);
    protocol::admin::ConnectGetLoggingOutputsRet connect_get_logging_outputs(
        const Caller& caller, const protocol::admin::ConnectGetLoggingOutputsArgs& args);
    protocol::admin::ConnectGetLoggingFiltersRet connect_get_logging_filters(
        const Caller& caller, const protocol::admin::ConnectGetLoggingFiltersArgs& args);
    void connect_set_logging_outputs(const Caller& caller, const protocol::admin::ConnectSetLoggingOutputsArgs& args);
    void connect_set_logging_filters(const Caller& caller, const protocol::admin::ConnectSetLoggingFiltersArgs& args);
    void server_update_tls_files(const Caller& caller, const protocol::admin::ServerUpdateTlsFilesArgs& args);
    void connect_set_daemon_timeout(const Caller& caller, const protocol::admin::ConnectSetDaemonTimeoutArgs& args);
    void connect_daemon_shutdown(const Caller& caller, const protocol::admin::ConnectDaemonShutdownArgs& args);

    Administered& find(const std::string& name);
    std::shared_ptr<Session> find(const protocol::admin::Client& client);

    std::vector<Administered> servers_;
    std::function<void()> shut_down_;
    std::function<void(unsigned)> set_timeout_;
    std::function<TlsContext*()> tls_;
};

}  // namespace innkeeper::rpc
