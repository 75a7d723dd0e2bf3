#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "drivers/qemu/abilities/capabilities.h"
#include "loop/task.h"

namespace innkeeper::qemu {

/// As whom emulators run; nothing: as the daemon itself.
struct RunAs {
    std::optional<uid_t> uid;
    std::optional<gid_t> gid;
    std::vector<gid_t> groups;
};

/// Asks the binary what it can do: one run without a machine and one batch of questions, and a second run beside it if
/// KVM works, since CPU models differ with the accelerator. Whether KVM works is tried, not guessed.
///
/// Throws Error: system_error if the binary is not there, internal_error with its last words if it does not answer.
Task<Capabilities> probe(std::string binary, RunAs run_as);

}  // namespace innkeeper::qemu
