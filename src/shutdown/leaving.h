#pragma once

#include <vector>

#include "loop/task.h"
#include "shutdown/host.h"
#include "shutdown/settings.h"

/// The guests of one host on their way out. Neither throws Error: what goes wrong with one guest is said, and the next
/// one has its turn. False if the stop as a whole has not succeeded.
namespace innkeeper::shutdown {

Task<bool> shut_down_guests(Host* host, std::vector<Domain> guests, Settings settings);
Task<bool> suspend_guests(Host* host, std::vector<Domain> guests, Settings settings);

}  // namespace innkeeper::shutdown
