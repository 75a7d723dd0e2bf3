#pragma once

#include <cstdint>

/// What a guest is doing and why, with the numbers that clients see (virDomainState and the reasons of each state).
namespace innkeeper::guests {

enum class State : std::int32_t {
    none = 0,
    running = 1,
    blocked = 2,
    paused = 3,
    shutdown = 4,
    shutoff = 5,
    crashed = 6,
    pm_suspended = 7,
};

enum class Running : std::int32_t {
    unknown = 0,
    booted,
    migrated,
    restored,
    from_snapshot,
    unpaused,
    migration_canceled,
    save_canceled,
    wakeup,
    crashed,
    postcopy,
    postcopy_failed,
};

enum class Paused : std::int32_t {
    unknown = 0,
    user,
    migration,
    save,
    dump,
    io_error,
    watchdog,
    from_snapshot,
    shutting_down,
    snapshot,
    crashed,
    starting_up,
    postcopy,
    postcopy_failed,
    api_error,
};

/// Why it is going down: also the detail of the event.
enum class Shutdown : std::int32_t { finished = 0, guest = 1, host = 2 };

enum class Shutoff : std::int32_t {
    unknown = 0,
    shutdown,
    destroyed,
    crashed,
    migrated,
    saved,
    failed,
    from_snapshot,
    daemon,
};

struct Condition {
    State state = State::shutoff;
    std::int32_t reason = 0;

    Condition() = default;
    Condition(State s, std::int32_t r) : state(s), reason(r) {}
    Condition(Running r) : state(State::running), reason(static_cast<std::int32_t>(r)) {}
    Condition(Paused r) : state(State::paused), reason(static_cast<std::int32_t>(r)) {}
    Condition(Shutoff r) : state(State::shutoff), reason(static_cast<std::int32_t>(r)) {}

    bool operator==(const Condition&) const = default;
};

/// Kinds of the lifecycle event and, for each, its details (virDomainEventType and its details).
enum class Lifecycle : std::int32_t {
    defined = 0,
    undefined,
    started,
    suspended,
    resumed,
    stopped,
    shutdown,
    pm_suspended,
    crashed,
};

enum class DefinedDetail : std::int32_t { added = 0, updated, renamed, from_snapshot };
enum class UndefinedDetail : std::int32_t { removed = 0, renamed };
enum class StartedDetail : std::int32_t { booted = 0, migrated, restored, from_snapshot, wakeup, recovered };

}  // namespace innkeeper::guests
