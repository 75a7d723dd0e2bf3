#pragma once

#include <memory>
#include <string>
#include <vector>

#include "access/permissions.h"
#include "access/polkit.h"
#include "app/daemonize.h"
#include "app/drivers.h"
#include "app/options.h"
#include "app/program.h"
#include "app/sockets.h"
#include "base/paths.h"
#include "config/daemon_settings.h"
#include "host/audit.h"
#include "loop/event.h"
#include "loop/signals.h"
#include "objects/hooks.h"
#include "rpc/server/admin_calls.h"
#include "rpc/server/connection_calls.h"
#include "rpc/server/server.h"

namespace innkeeper::app {

/// What the daemon is made of, from its sockets up. The order of a start: sockets listen, drivers index what is on
/// disk, clients are accepted; those who come before wait in the backlog.
class Daemon {
  public:
    Daemon(const Program& program, Options options, Paths paths, config::DaemonSettings settings);
    ~Daemon();

    /// Before there are sockets: a hook that used them would wait for itself.
    Task<> tell_hooks_of_start();
    /// Makes the sockets. Throws Error.
    void listen();
    /// Serves until a signal or the idle timeout ends it; `up` is called once clients are accepted.
    Task<> serve(Signals& signals, StartReport report);

  private:
    void lock_drivers();
    Task<> start_drivers();
    Task<> stop_drivers();
    Task<> reload();
    void reload_settings();
    void take_settings(const config::DaemonSettings& now);
    void look_for_hooks();
    /// Whatever becomes of it.
    Task<> tell_hooks(std::string operation, std::string part, std::string extra);
    Task<> watch_signals(Signals* signals);
    void clients_changed();
    void guests_changed();
    bool inhibited() const;

    const Program& program_;
    Options options_;
    Paths paths_;
    config::DaemonSettings settings_;
    config::DaemonSettings told_;  ///< what the file said when it was last read
    host::Audit audit_;
    objects::Hooks hooks_;
    Sockets sockets_;
    DriverChoice choice_;
    access::Polkit polkit_;
    std::unique_ptr<access::Permissions> permissions_;
    rpc::ConnectionCalls connection_calls_;
    rpc::Server clients_, admin_;
    rpc::AdminCalls admin_calls_;
    Event ending_;
    std::unique_ptr<Loop::Timer> idle_;
    TaskGroup tasks_;
    bool serving_ = false;  ///< the drivers are there
    bool reloading_ = false, reload_wanted_ = false;

    struct Drivers;
    std::unique_ptr<Drivers> drivers_;
};

}  // namespace innkeeper::app
