#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <utility>

#include "base/fd.h"
#include "host/bus/bus.h"
#include "loop/task.h"

namespace innkeeper::host {

/// systemd-logind (org.freedesktop.login1), as far as it tells of the host's shutdown.
class Logind {
  public:
    explicit Logind(std::function<void()> shutdown_begins) : begins_(std::move(shutdown_begins)) {}

    /// Shutdowns are heard of from now on, as long as the system's D-Bus is there. Throws Error (system_error) if it
    /// is not.
    void listen();

    /// The host's shutdown waits until the descriptor is closed, though never longer than longest_delay(). `why` is
    /// for people. Throws Error (system_error, or operation_timeout after ten seconds).
    Task<Fd> delay_shutdown(std::string who, std::string why);
    /// InhibitDelayMaxSec= of logind.conf(5). Throws as delay_shutdown does.
    Task<std::chrono::microseconds> longest_delay();

  private:
    std::function<void()> begins_;
    bool listening_ = false;
    Bus bus_{Bus::Which::system};
};

}  // namespace innkeeper::host
