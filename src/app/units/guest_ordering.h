#pragma once

#include <string>
#include <vector>

#include "base/unit_folders.h"

/// What libvirt-guests.service has to be ordered after, so that no guest loses its daemon before it has ended and no
/// stop waits for a start that waits for it.
///
/// systemd runs the stop jobs of ordered units in the opposite order of their starts, but a stop always before a start,
/// whichever way the two are ordered. From this follow, for a daemon D:
///
/// - *Not activated* (no socket of systemd's): libvirt-guests.service after D.service. At shutdown the daemon waits for
///   its guests. Nothing starts D.service while libvirt-guests.service stops.
/// - *Activated*: that order would let a D.service that has gone for idleness, and that libvirt-guests wants to
///   have started, wait for the very stop that waits for it. So there is a unit between: libvirt-guests.service after
///   virt-guest-shutdown.target, and this after D.service. At shutdown all three have stop jobs, which wait for each
///   other in this order. When libvirt-guests.service alone is stopped the target has no job, and a start of D.service
///   compares itself with nobody.
/// - The socket of an activated daemon stays for as long as libvirt-guests may want to connect: after D.socket. No
///   start of D.service needs a start of the socket that it is activated by.
/// - Daemons of what guests need (networks, storage, logs) are as much ordered as those that run guests, by the target.
///
/// Scopes of guests are ordered between the target and the daemon by themselves, where there are scopes.
namespace innkeeper::app {

struct GuestOrdering {
    std::vector<std::string> after_of_service;  ///< libvirt-guests.service
    std::vector<std::string> after_of_target;   ///< virt-guest-shutdown.target
    /// Daemons that nothing activates, without ".service".
    std::vector<std::string> traditional;
    bool operator==(const GuestOrdering&) const = default;
};

GuestOrdering guest_ordering(const UnitFolders& units);

/// A drop-in with these lines.
std::string drop_in(const std::vector<std::string>& after);
/// A drop-in for a daemon that nothing activates: it does not leave when nobody needs it, since nothing would bring it
/// back. What the administrator gives it as arguments (EnvironmentFile) stands.
std::string drop_in_to_stay(const std::string& daemon);

}  // namespace innkeeper::app
