#pragma once

#include <memory>

#include "loop/task.h"
#include "rpc/client/client.h"
#include "shutdown/target.h"

namespace innkeeper::shutdown {

/// Connects to the daemon: to its socket on this host, through a program that reaches another one (ssh), or over
/// TCP. Waits for as long as it takes; throws Error if it cannot be had.
Task<std::shared_ptr<rpc::Client>> reach(Target target);

}  // namespace innkeeper::shutdown
