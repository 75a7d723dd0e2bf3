#pragma once

#include <cstdint>
#include <string>

#include "base/fd.h"

/// Files that locks are held on. Everything here blocks in the kernel, where the file is another host's for as long as
/// that one does not answer: the loop calls it through the pool.
namespace innkeeper::lockd {

/// How a resource is held.
struct Manner {
    bool shared = false;      ///< with others who say so too
    bool autocreate = false;  ///< its file is made when it is not there, and goes with the lock

    static Manner of(std::uint32_t flags) { return {(flags & 1U) != 0, (flags & 2U) != 0}; }
    std::uint32_t flags() const { return (shared ? 1U : 0U) | (autocreate ? 2U : 0U); }
};

/// Opens the file and locks its first byte, for all hosts that see it. The lock is the open file's: it is kept through
/// execve and goes when the last descriptor does. Throws Error: resource_busy if somebody has it, else system_error.
/// `name` is what the resource is called in messages.
Fd lock_file(const std::string& path, const std::string& name, Manner manner);
/// Gives the lock back, and removes a file that was made for it.
void unlock_file(Fd file, const std::string& path, Manner manner);

void make_lockspace(const std::string& folder);
void create_file(const std::string& path, const std::string& name);
void delete_file(const std::string& path, const std::string& name);

}  // namespace innkeeper::lockd
