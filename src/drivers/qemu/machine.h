#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "drivers/qemu/abilities/capabilities.h"
#include "drivers/qemu/guest_locks.h"
#include "drivers/qemu/guest_log.h"
#include "drivers/qemu/ports.h"
#include "drivers/qemu/qmp/qmp.h"
#include "drivers/qemu/run_files.h"
#include "guests/guest.h"
#include "loop/child.h"
#include "loop/event.h"
#include "loop/group.h"

namespace innkeeper::qemu {

class BackupRun;

/// A QEMU process that is a guest, as long as it runs: the process, its monitor, and what we know of both. What QEMU
/// says unasked becomes facts about the guest here.
///
/// Ends in one way only, whatever ends it: the process is gone, `watch` notices, and all the rest follows from there.
class QemuMachine final : public guests::Machine, public std::enable_shared_from_this<QemuMachine> {
  public:
    QemuMachine(std::weak_ptr<guests::Guest> guest, std::string name, RunFiles run_files, CapabilitiesPtr abilities);
    ~QemuMachine() override;

    /// The monitor; throws Error if the guest is not (or no longer) connected.
    Qmp& monitor();
    void connect(Fd socket);

    /// SIGTERM, upon which QEMU closes its images, and SIGKILL if it has not gone after a while, or cannot, since
    /// somebody stopped it. Gracefully: never SIGKILL.
    enum class Manner { firmly, gracefully };
    void kill(Manner manner);

    /// It powered off while nobody listened: it ends, as when SHUTDOWN tells so.
    void powered_off();

    /// Ends now, for that reason, and says nothing more: what it was lives on elsewhere.
    void end_with(guests::Shutoff reason);

    /// Waits for the end of the process and then undoes everything that belongs to this run; the guest's `ended` is the
    /// last step. Spawned once, in a group that outlives the guest.
    static Task<> watch(std::shared_ptr<QemuMachine> machine, guests::GuestPtr guest);

    /// Lets go of a running guest: the daemon ends.
    Task<> release();

    /// Ends what runs beside the guest.
    Task<> end_helpers();

    RunFiles files;
    CapabilitiesPtr capabilities;
    std::optional<Process> process;
    std::optional<Process> tpm;  ///< its TPM in software
    std::optional<GuestLog> log;
    std::unique_ptr<GuestLocks> locks;    ///< if there is a lock manager
    std::vector<std::string> device_ids;  ///< those that QEMU knows under a name of their own
    /// Of the status file that an earlier daemon wrote: parts that only the peer needs, kept for it.
    std::string parts_for_peer;
    std::vector<pid_t> vcpu_threads;  ///< by the number of the virtual processor
    Event exited;                     ///< the process is gone
    Event gone;                       ///< and everything of it; or nobody watches it any more

    /// Why the CPUs will stop or run, when we asked for it: QEMU's event does not say.
    std::optional<guests::Paused> pausing;
    std::optional<guests::Running> resuming;
    /// The next time that it powers off it is to boot again.
    bool fake_reboot = false;
    unsigned custom_commands = 0;  ///< how many its users have sent by themselves
    /// As long as it is not started, its end is the business of who starts it.
    bool starting = false;
    std::vector<Ports::Lease> leases;  ///< given back when it has gone
    /// Called with the name of each device that QEMU has let go of, or that the guest will not let go of, while
    /// somebody waits for one.
    std::function<void(const std::string&, bool is_gone)> on_departure;
    /// What has to be taken back in the monitor when a device has gone, by its name.
    std::map<std::string, std::vector<QmpCommand>> leftovers;
    unsigned last_image = 0;  ///< the highest number that an image of this run has had
    /// Called for each MIGRATION event, with its status, while somebody saves.
    std::function<void(std::string_view)> on_migration;
    /// By its name: called with the new status of a block job that somebody waits for.
    std::map<std::string, std::function<void(std::string_view)>, std::less<>> on_job;
    /// The backup that is under way, or the last one.
    std::shared_ptr<BackupRun> backup;

    TaskGroup tasks;  ///< what is done because of an event

  private:
    void happened(const QmpEvent& event);
    void shutdown(guests::Guest& guest, const QmpEvent& event);
    void panicked(guests::Guest& guest, const QmpEvent& event);
    void io_error(guests::Guest& guest, const QmpEvent& event);
    void port_changed(guests::Guest& guest, const QmpEvent& event);
    void graphics(guests::Guest& guest, const QmpEvent& event, int phase);
    void device_gone(guests::Guest& guest, const std::string& alias);
    Task<> take_back(std::vector<QmpCommand> commands);
    Task<> boot_again();
    Task<> kill_late(Manner manner);

    std::weak_ptr<guests::Guest> guest_;
    std::string name_;
    std::unique_ptr<Qmp> monitor_;
    Event lost_;
    guests::Paused pause_cause_ = guests::Paused::unknown;
    guests::Shutoff end_ = guests::Shutoff::crashed;
    bool killing_ = false;
    bool silent_ = false;
};

}  // namespace innkeeper::qemu
