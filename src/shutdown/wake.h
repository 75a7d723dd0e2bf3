#pragma once

#include <chrono>

#include "loop/task.h"
#include "shutdown/target.h"

namespace innkeeper::shutdown {

/// Starts the daemon of guests that run without it, where systemd is there to do that. A connection to its socket would
/// not always have that effect: while the host goes down systemd activates nothing, without socket activation nothing
/// does, and under an ordering that an administrator wrote the start would wait for us. So it is started past all
/// orderings. Never throws: whether a daemon is there then, the connection tells.
Task<> wake_daemon(Target target, std::chrono::milliseconds patience);

}  // namespace innkeeper::shutdown
