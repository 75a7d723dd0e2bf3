#pragma once

#include <optional>
#include <string>

namespace innkeeper::host {

/// What a network interface's line does.
struct Link {
    std::string state;   ///< the kernel's word: "up", "down", "unknown"…
    unsigned speed = 0;  ///< in megabits per second while it is up; 0: nobody knows
};

/// Blocks. Nothing if there is no such interface, or what the kernel says of its speed is no number.
std::optional<Link> read_link(const std::string& interface);

}  // namespace innkeeper::host
