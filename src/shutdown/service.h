#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "loop/task.h"
#include "shutdown/host.h"
#include "shutdown/settings.h"

namespace innkeeper::shutdown {

/// Where things lie and how long an answer may take.
struct Surroundings {
    std::string root;  ///< empty, or a folder below which every path lies
    std::chrono::milliseconds patience{30'000};

    std::string list_file() const { return root + "/var/lib/libvirt/libvirt-guests"; }
    /// Says that a start has been. Where Debian's peer has it.
    std::string lock_file() const { return root + "/var/lock/libvirt-guests"; }
};

/// All URIs that the settings name, in their order; nothing for one that cannot be served, which is said.
using Hosts = std::vector<std::unique_ptr<Host>>;

/// The commands. Each gives its exit status.
Task<int> start(Surroundings where, Settings settings);
Task<int> stop(Surroundings where, Settings settings);
Task<int> list_guests(Surroundings where, Settings settings);
int status(const Surroundings& where);

/// The word that was given, or nothing if it is not one of the commands.
std::optional<int> run_command(const std::string& command, const Surroundings& where);

inline constexpr std::string_view commands =
    "start|stop|status|restart|condrestart|try-restart|reload|force-reload|gueststatus|shutdown";

/// "Can't connect", with the reason for those who look for it.
void skip(const std::string& uri, const Error& why);

}  // namespace innkeeper::shutdown
