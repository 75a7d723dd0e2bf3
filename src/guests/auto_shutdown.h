#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "loop/task.h"

/// What becomes of guests when their host, or the session of their user, ends and no libvirt-guests sees to them.
namespace innkeeper::guests {

class Guests;

struct AutoShutdown {
    enum class Which : std::uint8_t { none, persistent, transient, all };
    Which save = Which::none;       ///< their memory is saved and the next start goes on from there; no transient ones
    Which shut_down = Which::none;  ///< they are asked to shut down, and get `wait`
    Which power_off = Which::none;
    std::chrono::seconds wait{30};
    bool restore = true;  ///< persistent ones are started again by the next boot's daemon
    bool bypass_cache = false;

    bool does_anything() const { return save != Which::none || shut_down != Which::none || power_off != Which::none; }
    /// One of "none", "persistent", "transient" and "all"; throws Error (config_unsupported) naming the key otherwise.
    static Which which(std::string_view key, std::string_view word);
};

/// Ends all guests at once, each in the first way that is for its kind and succeeds, in the order of the members above.
/// Those which no way is for run on. Never throws: what fails is logged by name.
Task<> end_by_themselves(Guests& guests, AutoShutdown how);

}  // namespace innkeeper::guests
