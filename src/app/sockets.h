#pragma once

#include <memory>

#include "app/options.h"
#include "app/program.h"
#include "base/paths.h"
#include "config/daemon_settings.h"
#include "rpc/server/server.h"
#include "rpc/transport/tls.h"

namespace innkeeper::app {

/// Where clients come in: sockets of our own, or those that the service manager passed (daemon-behaviour, section 2).
class Sockets {
  public:
    Sockets(const Program& program, const Options& options, const Paths& paths, const config::DaemonSettings& settings)
        : program_(program), options_(options), paths_(paths), settings_(settings) {}

    /// Gives the servers their listeners, which do not accept yet. Throws Error.
    void open(rpc::Server& clients, rpc::Server& admin);
    /// Null while there is no TLS socket.
    rpc::TlsContext* tls() { return tls_.get(); }

  private:
    struct Wanted;
    void open_own(const Wanted& wanted, rpc::Server& clients, rpc::Server& admin);
    void open_tcp(rpc::Server& clients, const std::string& port, const rpc::Service& service);
    void add(rpc::Server& server, std::unique_ptr<rpc::Listener> listener, const rpc::Service& service);

    const Program& program_;
    const Options& options_;
    const Paths& paths_;
    const config::DaemonSettings& settings_;
    std::shared_ptr<rpc::TlsContext> tls_;
};

/// The certificates that the settings name, or those of the standard places. Throws Error (config_unsupported) if
/// some are named and others not.
rpc::TlsSettings tls_settings(const config::DaemonSettings& settings, const Paths& paths);

}  // namespace innkeeper::app
