#pragma once

#include <utility>

#include "base/fd.h"
#include "loop/child.h"

namespace innkeeper {

/// Starts the command and gives its pid and pidfd. The child borrows this process's memory until it execs (as vfork
/// does), so that starting costs the same however large the daemon is. Throws Error (system_error).
std::pair<pid_t, Fd> spawn(const Command& command);

/// Lets this process have as many descriptors as its hard limit says, and gives that number. Its children begin with
/// the limit that it was started with: programs that use select(2) cannot have more.
std::size_t raise_descriptor_limit();

}  // namespace innkeeper
