#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>
#include <vector>

#include "guests/condition.h"
#include "guests/guest.h"

/// The status file of a running guest (`/run/libvirt/qemu/NAME.xml`): what a later daemon, ours or the peer's, needs to
/// find it again.
namespace innkeeper::guests {

/// The whole file; `elements` are the hypervisor's own.
std::string format_status(const Guest& guest, std::string_view elements);

struct Status {
    Condition condition;
    pid_t pid = 0;
    std::vector<std::string> taints;
    DefPtr definition;
    int id = 0;
};
/// Throws Error if it is not such a file.
Status parse_status(std::string_view text);

/// The word of a state ("running") and of a reason ("booted") as the file has them.
std::string_view state_word(State state);
std::string_view reason_word(Condition condition);

}  // namespace innkeeper::guests
