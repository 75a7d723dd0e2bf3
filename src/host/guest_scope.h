#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>

#include "base/uuid.h"

/// The systemd scope that a guest's process lives in: a control group of its own, outside of the daemon's, which is
/// ordered for itself. When the host goes down it is stopped after everything that ends guests in an orderly way
/// (virt-guest-shutdown.target) and before its daemon and what that is ordered after, such as remote file systems.
namespace innkeeper::host {

struct GuestScope {
    std::string_view driver;  ///< "qemu"
    int id = 0;
    std::string_view guest;
    Uuid uuid;
    pid_t process = 0;
};

/// What systemd-machined knows the guest as, `qemu-1-web`: of the guest's name only what a host's name may have, and in
/// all no more than 64 characters.
std::string machine_name(const GuestScope& scope);
/// The unit that machined makes of a machine's name.
std::string scope_unit(std::string_view machine);

/// Registers the guest with systemd-machined, which makes the scope; where that is not to be had, systemd makes it.
/// Does nothing if systemd does not run this host. Waits for their answers: call it through the pool. Throws Error
/// (system_error or internal_error).
void enter_guest_scope(const GuestScope& scope);

}  // namespace innkeeper::host
