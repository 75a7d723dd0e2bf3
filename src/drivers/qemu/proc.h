#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>

/// What the kernel tells of a process, from /proc. Each is one small read; nothing is remembered.
namespace innkeeper::qemu {

struct ThreadFacts {
    char state = '?';  ///< R, S, D, T…
    std::uint64_t user_ns = 0, system_ns = 0;
    int cpu = -1;  ///< where it ran last
    std::uint64_t rss_kib = 0;
};
/// nullopt if there is no such process.
std::optional<ThreadFacts> process_facts(pid_t pid);
std::optional<ThreadFacts> thread_facts(pid_t pid, pid_t thread);

/// How long the thread has run, in nanoseconds; more exact than the ticks above.
std::optional<std::uint64_t> thread_time(pid_t pid, pid_t thread);

/// The words of its command line, each followed by a NUL; empty if there is no such process.
std::string command_line_of(pid_t pid);

}  // namespace innkeeper::qemu
