#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/uuid.h"
#include "guests/condition.h"
#include "guests/happening.h"
#include "loop/event.h"
#include "loop/task.h"
#include "loop/turns.h"

namespace innkeeper::model {
struct DomainDef;
}

namespace innkeeper::guests {

class Guests;
using DefPtr = std::shared_ptr<const model::DomainDef>;

/// What a hypervisor keeps about a guest that runs: its process, its monitor, … Made by Hypervisor::start or adopt and
/// put into the guest; goes when the guest has ended.
class Machine {
  public:
    virtual ~Machine() = default;
};

/// One domain, running or not: the live thing behind a definition. Changes are made by who holds its turn; questions
/// read the values of this moment and never wait. Loop thread only.
///
/// Two definitions: `live()` is what runs, `persistent()` what is on disk and will run the next time. Both are
/// immutable values; whoever has one keeps it whatever happens.
class Guest : public std::enable_shared_from_this<Guest> {
  public:
    using Ptr = std::shared_ptr<Guest>;

    Guest(Guests& owner, Uuid uuid, std::string name) : owner_(owner), uuid_(uuid), name_(std::move(name)) {}
    Guest(const Guest&) = delete;
    Guest& operator=(const Guest&) = delete;

    const Uuid& uuid() const { return uuid_; }
    const std::string& name() const { return name_; }
    /// Positive while active, otherwise -1.
    int id() const { return id_; }

    Condition condition() const { return condition_; }
    bool is_active() const { return id_ > 0; }
    bool is_persistent() const { return persistent_; }
    /// No longer in the registry: undefined and not running. Who waited for a turn finds out here.
    bool is_gone() const { return gone_; }

    /// What runs; null while the guest is not active.
    DefPtr live() const { return live_; }
    /// What is on disk; null for a transient guest. Reads and parses the file if nobody asked lately.
    Task<DefPtr> persistent();
    /// The live definition if active, else the persistent one.
    Task<DefPtr> current();

    /// The right to change the guest. `job` is the word that others see while they wait for it ("start", "save", …).
    /// Throws Error (no_domain) if the guest is gone by then.
    Task<Turns::Turn> turn(std::string job, std::chrono::milliseconds limit = std::chrono::seconds(30));
    /// The same without looking whether the guest is gone.
    Task<Turns::Turn> queue(std::string job, std::chrono::milliseconds limit = std::chrono::seconds(30));
    /// The word of who has the turn; empty if nobody has.
    std::string job() const { return turns_ ? turns_->holder() : std::string(); }

    /// Waits until it is not active.
    Task<> inactive();

    // -- the hypervisor's own -------------------------------------------------------------------------------------

    std::shared_ptr<Machine> machine;
    template <class T>
    std::shared_ptr<T> machine_as() const {
        return std::static_pointer_cast<T>(machine);
    }

    /// The process, 0 if there is none (yet): its number is part of the status file.
    void set_pid(pid_t pid) { pid_ = pid; }
    pid_t pid() const { return pid_; }

    /// A word of the peer's `<taint flag>`, such as "high-privileges", "custom-argv"; shown by `dominfo`. It lasts as
    /// long as the guest runs.
    void taint(std::string flag);
    const std::vector<std::string>& taints() const { return taints_; }

    // -- facts, told by the hypervisor as it learns of them -------------------------------------------------------
    // Each changes the condition, writes the status file and publishes the event that belongs to it, in that order.
    // Harmless for a guest that has ended meanwhile. A fact that is no news (paused again while paused) publishes
    // nothing.

    /// The CPUs run. During Hypervisor::start with the reason for which it was started.
    void running(Running reason);
    void paused(Paused reason);
    /// It is going down by itself or on request; `ended` follows.
    void shutting_down(Shutdown why);
    /// Nothing of it runs any more: the live definition goes, and with it a transient guest.
    void ended(Shutoff reason);
    void panicked();
    void suspended_by_itself();  ///< pm: sleeping in memory
    void woke_up();
    void rebooted();
    /// Anything else that only has listeners.
    void publish(const Happening& happening);

    /// The live definition as it is now (assigned addresses, consoles, …); the status file is written.
    void set_live(DefPtr def);
    /// What the guest has by its balloon, in KiB: becomes the current memory of the live definition. Publishes the
    /// event if it was known before and changed.
    void set_balloon(std::uint64_t kib);
    /// Writes the status file now: before the guest's first instruction, and whenever Hypervisor::status_elements
    /// would answer differently. Does not wait for the disk: the run directory lasts as long as the guest does.
    void save_status();

    // -- for this room --------------------------------------------------------------------------------------------

    /// Runs the administrator's hooks, if there are some, with what the guest is now as their document. Throws Error
    /// (hook_script_failed), and if the guest ended meanwhile.
    Task<> hook(std::string operation);
    /// Tells them of the end of what ran as `def`; what they make of it is only logged.
    Task<> hook_end(std::string operation, DefPtr def);
    /// The hypervisor has let go of a device, which the live definition still has.
    void device_left(const std::string& alias) const;
    bool has_managed_save() const { return managed_save_; }
    bool autostarts() const { return autostart_; }
    bool is_updated() const { return updated_; }
    /// Neither stored nor running yet: known only so that nobody else takes its name.
    bool is_visible() const { return !gone_ && (persistent_ || is_active()); }

    /// Becomes active, with what will run; the hypervisor's part follows.
    void begin(int id, DefPtr live, Condition condition);
    /// The reason that `ended` will have, whatever the hypervisor makes of it: a guest that is destroyed on request
    /// looks to it as if it had crashed. Nothing: no longer.
    void expect_end(std::optional<Shutoff> reason) { expected_end_ = reason; }
    /// Its next end is not for good: it stays known even if it is transient.
    void expect_return(bool returns) { returns_ = returns; }
    /// Its end will be that of a failed start, of which no event tells.
    void end_unheard() {
        expected_end_ = Shutoff::failed;
        unheard_ = true;
    }
    /// As ended, but it never came up: no event.
    void abandon(Shutoff reason);
    /// What is on disk from now on; null: nothing any more.
    void set_persistent(DefPtr def);
    /// Its file cannot be read any more: as long as somebody remembers what was in it, that stays in memory.
    void keep_persistent() { kept_persistent_ = persistent_def_.lock(); }
    void set_autostart(bool autostart);
    void set_managed_save(bool exists);
    void lifecycle(Lifecycle event, std::int32_t detail);
    /// Is in that condition, noted in the status file; no event.
    void enter(Condition condition);

  private:
    friend class Guests;

    void drop(Shutoff reason);

    Guests& owner_;
    Uuid uuid_;
    std::string name_;
    int id_ = -1;
    pid_t pid_ = 0;
    Condition condition_;
    bool persistent_ = false;
    bool autostart_ = false;
    bool managed_save_ = false;
    bool gone_ = false;
    bool updated_ = false;
    std::uint32_t edition_ = 0;  ///< of the persistent definition
    std::optional<Shutoff> expected_end_;
    bool returns_ = false;
    bool unheard_ = false;
    DefPtr live_;
    std::weak_ptr<const model::DomainDef> persistent_def_;
    DefPtr kept_persistent_;
    bool balloon_known_ = false;
    std::vector<std::string> taints_;
    std::shared_ptr<Event> end_;    ///< of this run; made for the first who waits for it
    std::shared_ptr<Turns> turns_;  ///< made for the first turn: most guests of a large host never need one
};

using GuestPtr = Guest::Ptr;

}  // namespace innkeeper::guests
