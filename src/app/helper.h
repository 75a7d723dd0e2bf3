#pragma once

#include <memory>
#include <optional>

#include "app/daemonize.h"
#include "app/options.h"
#include "app/program.h"
#include "app/reexec.h"
#include "app/sockets.h"
#include "base/paths.h"
#include "config/daemon_settings.h"
#include "loop/event.h"
#include "loop/group.h"
#include "loop/signals.h"
#include "objects/service.h"
#include "rpc/server/admin_calls.h"
#include "rpc/server/server.h"

namespace innkeeper::app {

/// A daemon that helps others: virtlogd and virtlockd. It has one service and no drivers, serves its own user alone,
/// and on SIGUSR1 runs its program anew, with all that it has.
class Helper {
  public:
    Helper(const Program& program, Options options, Paths paths, config::DaemonSettings settings,
           std::unique_ptr<objects::Service> service, Reexec& reexec);

    /// Makes the sockets, or takes those that this process had before. Throws Error.
    void listen();
    /// Serves until a signal or the idle timeout ends it.
    Task<> serve(Signals& signals, StartReport report);

  private:
    Task<> watch_signals(Signals* signals);
    Task<> run_anew();
    void inherit(const Reexec::State& state);
    void clients_changed();

    Options options_;
    Paths paths_;
    config::DaemonSettings settings_;
    Sockets sockets_;
    std::unique_ptr<objects::Service> service_;
    Reexec& reexec_;
    rpc::Server clients_, admin_;
    rpc::AdminCalls admin_calls_;
    Event ending_;
    std::unique_ptr<Loop::Timer> idle_;
    TaskGroup tasks_;
};

}  // namespace innkeeper::app
