#pragma once

#include <functional>
#include <optional>

#include "base/fd.h"
#include "base/paths.h"
#include "config/qemu_settings.h"
#include "guests/auto_shutdown.h"
#include "guests/guests.h"
#include "host/bus/logind.h"
#include "loop/group.h"

namespace innkeeper::app {

/// What the daemon itself does for its guests when the host goes down, as a second line behind libvirt-guests: while a
/// guest runs logind delays the shutdown for us, as long as the administrator allows. When it comes, guests end as
/// `auto_shutdown_…` in qemu.conf says, unless libvirt-guests has been started, which then does it alone. A user's
/// daemon does the same when the user's session ends, and ends with it.
class HostShutdown {
  public:
    /// Throws Error (config_unsupported) if a setting has no such value.
    HostShutdown(const Paths& paths, const config::QemuSettings& settings, guests::Guests& guests,
                 std::function<void()> session_ended);

    /// The guests that were there already are known now.
    void start();
    /// A guest has become active, or has ended.
    void guests_changed();
    Task<> close();

  private:
    Task<> hold();
    Task<> end_guests();

    const bool is_hosts_;  ///< not below a root of its own, where the host is somebody else's
    const bool is_system_;
    const std::string libvirt_guests_;  ///< the file that says that it has been started
    guests::AutoShutdown how_;
    guests::Guests& guests_;
    std::function<void()> session_ended_;
    host::Logind logind_{[this] { tasks_.spawn(end_guests()); }};
    host::Bus session_{host::Bus::Which::session};
    Fd delay_;
    bool asking_ = false, going_down_ = false;
    TaskGroup tasks_;
};

}  // namespace innkeeper::app
