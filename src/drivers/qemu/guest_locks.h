#pragma once

#include <sys/types.h>

#include <memory>
#include <string>
#include <vector>

#include "base/fd.h"
#include "base/paths.h"
#include "base/uuid.h"
#include "config/lock_settings.h"
#include "drivers/qemu/helper_daemon.h"
#include "loop/task.h"
#include "loop/turns.h"

namespace innkeeper::model {
struct DomainDef;
}

namespace innkeeper::qemu {

/// What can be locked: a file of a lockspace, or, where that is empty, a path.
struct LockedResource {
    std::string space, name;
    unsigned flags = 0;  ///< as the lock daemon's: 1 shared, 2 its file is made and removed with the lock
    bool operator==(const LockedResource&) const = default;
};

/// What that guest must hold while its processors run. Throws Error (config_unsupported) if the settings refuse it, and
/// for a lease that virtlockd cannot hold.
std::vector<LockedResource> locked_resources(const model::DomainDef& def, const config::LockSettings& settings);

/// For whom locks are held.
struct LockOwner {
    std::string name;
    Uuid uuid;
    int id = 0;
    pid_t pid = 0;
};

/// A guest's locks, of virtlockd. They are the guest's process's: when it ends, they go, since it keeps a connection
/// that says so; and it is ended if it gives that up. One thing is done at a time, in order.
class GuestLocks {
  public:
    GuestLocks(const Paths& paths, const config::LockSettings& settings, std::string name, Uuid uuid, int id);

    /// The guest's own connection, which its process makes before it becomes QEMU: a socket and where it leads.
    static Fd holder();
    const std::string& socket() const { return daemon_.socket(); }
    /// virtlockd is there, if that is ours to see to.
    Task<> prepare() const { return daemon_.be_there(); }
    /// Says that this process is the guest's. `holder` is connected by now. Throws Error.
    Task<> begin(Fd holder, pid_t pid);
    /// For a guest that runs already, with the locks that it must have.
    void adopt(pid_t pid, const model::DomainDef& def, bool is_running);

    /// All that it needs and does not have yet; none of it if that cannot be. Throws Error (resource_busy, …).
    Task<> acquire(std::shared_ptr<const model::DomainDef> def);
    /// Gives back what it has, or what it has beyond what that definition needs. What cannot be given back is logged.
    Task<> release();
    Task<> keep(std::shared_ptr<const model::DomainDef> def);
    /// The guest has ended. Its locks go by themselves, unless virtlockd was started anew meanwhile and does not know
    /// that they are this process's.
    Task<> end();

  private:
    Task<> give_back(std::vector<LockedResource> resources);

    const HelperDaemon daemon_;
    const config::LockSettings settings_;
    LockOwner owner_;
    std::vector<LockedResource> held_;
    std::shared_ptr<Turns> turns_ = std::make_shared<Turns>();
};

}  // namespace innkeeper::qemu
