#pragma once

#include <sys/types.h>

#include <cstdint>

#include "rpc/codec/caller.h"

namespace innkeeper::rpc {

/// Who is behind a UNIX socket, as the kernel knows it. Throws Error (system_error).
Identity identity_of_unix_socket(int fd);

/// The start time in /proc/PID/stat; 0 if there is no such process.
std::uint64_t process_start_time(pid_t pid);

}  // namespace innkeeper::rpc
