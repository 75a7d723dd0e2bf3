#pragma once

#include <chrono>
#include <functional>
#include <string>

#include "base/fd.h"
#include "host/bus/bus.h"
#include "loop/task.h"

namespace innkeeper::host {

/// systemd-logind (org.freedesktop.login1), as far as it tells of the host's shutdown.
class Logind {
  public:
    /// Hears of shutdowns from now on, until the system's D-Bus goes. Throws Error (system_error) if there is none.
    void listen(std::function<void()> shutdown_begins);

    /// The host's shutdown waits until the descriptor is closed, though never longer than longest_delay(). `why` is
    /// for people. Throws Error (system_error).
    Task<Fd> delay_shutdown(std::string who, std::string why);
    /// InhibitDelayMaxSec= of logind.conf(5). Throws Error (system_error).
    Task<std::chrono::microseconds> longest_delay();

  private:
    Bus bus_{Bus::Which::system};
};

}  // namespace innkeeper::host
