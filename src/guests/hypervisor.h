#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/fd.h"
#include "base/uuid.h"
#include "guests/guest.h"
#include "loop/task.h"

namespace innkeeper::model {
struct Disk;
struct SnapshotDef;
struct CheckpointDef;
struct BackupDef;
}  // namespace innkeeper::model

namespace innkeeper::guests {

using SnapshotPtr = std::shared_ptr<const model::SnapshotDef>;
using CheckpointPtr = std::shared_ptr<const model::CheckpointDef>;
using BackupPtr = std::shared_ptr<const model::BackupDef>;

/// Why a definition is completed: what may be assumed and how strict to be.
enum class Purpose {
    define,   ///< will be stored
    start,    ///< will run at once and is not stored (create)
    stored,   ///< comes from the daemon's own files: kept even if it could not run today
    restore,  ///< comes out of a saved image: what a guest saw must stay as it was
    change,   ///< is stored and complete but for a device that came, went or became another, and was looked at itself
};

struct StartOptions {
    bool paused = false;
    bool bypass_cache = false;
    bool reset_nvram = false;
    /// A saved image to continue from. Empty: boot.
    std::string restore_from;
    /// A snapshot inside of the guest's images to continue from. Empty: none.
    std::string load_snapshot;
    Running reason = Running::booted;
};

/// How to ask a guest to go down or to reboot; in this order, the first that works. Empty: the driver's own choice.
enum class Way { acpi, agent };

struct SaveOptions {
    std::string path;
    bool bypass_cache = false;
    std::optional<bool> running;  ///< what to be after restore, instead of what the guest is now
    DefPtr definition;            ///< goes into the image instead of the live one
};

/// The head of a saved image.
struct SavedImage {
    DefPtr definition;
    bool running = true;
};

struct VcpuUsage {
    std::uint32_t number = 0;
    std::int32_t state = 1;  ///< 0 offline, 1 running, 2 blocked
    std::uint64_t time_ns = 0;
    std::int32_t cpu = -1;
};
struct Usage {
    std::uint64_t cpu_ns = 0, user_ns = 0, system_ns = 0;
    std::uint64_t rss_kib = 0;
};

/// A thread of the guest's that serves disks.
struct IothreadUsage {
    unsigned id = 0;
    pid_t thread = 0;
    std::uint64_t poll_max_ns = 0;
    std::uint32_t poll_grow = 0, poll_shrink = 0;
};
/// What of such a thread is to be changed.
struct IothreadTuning {
    std::optional<std::uint64_t> poll_max_ns;
    std::optional<std::uint32_t> poll_grow, poll_shrink;
    std::optional<int> pool_min, pool_max;
};
/// What a hypervisor knows about snapshots and checkpoints: the flags that its functions understand, and what these are
/// called behind its prefix.
struct MomentRules {
    struct Function {
        std::string_view name;
        std::uint32_t flags = 0;
    };
    Function create{"DomainSnapshotCreateXML"}, revert{"DomainRevertToSnapshot"}, remove{"DomainSnapshotDelete"};
    Function create_checkpoint{"DomainCheckpointCreateXML"}, remove_checkpoint{"DomainCheckpointDelete"};
    Function describe_checkpoint{"DomainCheckpointGetXMLDesc"};
    bool revert_redefines = false;  ///< listeners hear that going back changed the definition
    bool notes_migratable = false;  ///< a checkpoint notes its guest as another host would get it
    bool keeps_cookies = true;      ///< what a hypervisor adds to its snapshots, when one is defined again
};

/// How a snapshot is wanted.
struct SnapshotWish {
    bool disk_only = false;
    bool reuse_files = false;  ///< images for what is written from now on are there already
    bool quiesce = false;      ///< the guest's own file systems stand still meanwhile
    bool live = false;         ///< it runs on while its memory is written
    bool halt = false;         ///< it is to be off afterwards
};

/// What a job that goes on beside others has come to.
struct JobFigures {
    std::int32_t operation = 0;  ///< a number of virDomainJobOperation
    bool ends_itself = true;
    bool has_ended = false;
    std::chrono::milliseconds elapsed{};
    std::uint64_t disk_total = 0, disk_processed = 0, temp_used = 0, temp_total = 0;
    std::string failure;  ///< of one that has ended; empty: it succeeded
};

/// A number of virDomainMemoryStatTags, and the figure.
struct MemoryFigure {
    int tag = 0;
    std::uint64_t value = 0;
};

/// Which emulator a question is about; what is empty is not said.
struct EmulatorChoice {
    std::string emulator, arch, machine, virt_type;
};
/// What a CPU is asked before it is compared, and what is to be done if it does not fit.
struct CpuTest {
    bool must_fit = false;  ///< an Error says why it does not
    bool validate = false;  ///< the document has to follow the schema
};
/// What is to be made of CPUs that several hosts have.
struct CpuWish {
    bool expand = false;      ///< name every feature, the model's own, too
    bool migratable = false;  ///< leave out what keeps a guest from being moved
};

/// A running guest as the status file of an earlier daemon describes it.
struct Remnant {
    GuestPtr guest;      ///< already active, with its live definition, pid and condition from the file
    std::string status;  ///< the whole file: <domstatus> with what status_elements gave
};

/// What a hypervisor can do. Handlers of domain procedures are written once over this; a driver is one implementation.
///
/// All verbs that take a guest are called with its turn held, unless said otherwise, and only while it is active
/// (except start). They throw Error with what the client shall read; domain none means the driver's own. They never
/// take a turn themselves. A verb that is not overridden answers "not supported".
class Hypervisor {
  public:
    virtual ~Hypervisor() = default;

    // -- what it is -----------------------------------------------------------------------------------------------

    /// "qemu": its folder below the daemon's directories.
    virtual std::string folder() const = 0;
    /// As connect_get_type: "QEMU".
    virtual std::string type() const = 0;
    /// Prefix of function names in messages about flags: "qemu" gives "unsupported flags (0x4) in function
    /// qemuDomainReboot".
    virtual std::string prefix() const = 0;
    /// Whose errors are those that name nobody: ErrorDomain::qemu.
    virtual ErrorDomain error_domain() const = 0;
    /// As connect_get_version: major * 1000000 + minor * 1000 + micro.
    virtual Task<std::uint64_t> version() = 0;

    virtual Task<std::string> capabilities() = 0;
    /// Empty strings: not given.
    virtual Task<std::string> domain_capabilities(std::string emulator, std::string arch, std::string machine,
                                                  std::string virt_type);
    virtual Task<int> max_vcpus(std::string virt_type);
    virtual Task<std::string> to_native(DefPtr def);
    virtual Task<std::vector<std::string>> cpu_models(std::string arch);
    /// virCPUCompareResult of a `<cpu>` document with what the host has, and with what the emulator can give a guest.
    virtual Task<int> compare_cpu(std::string document, CpuTest test);
    virtual Task<int> compare_emulated_cpu(EmulatorChoice choice, std::string document, CpuTest test);
    /// The `<cpu>` document that fits all of the given ones.
    virtual Task<std::string> baseline_cpu(std::vector<std::string> documents, CpuWish wish);
    virtual Task<std::string> baseline_emulated_cpu(EmulatorChoice choice, std::vector<std::string> documents,
                                                    CpuWish wish);
    /// The CPU of the definition spelled out, for VIR_DOMAIN_XML_UPDATE_CPU. No turn.
    virtual Task<DefPtr> update_cpu(DefPtr def);
    /// The definition as another host is told it, for VIR_DOMAIN_XML_MIGRATABLE.
    virtual DefPtr migratable(DefPtr def) { return def; }

    // -- definitions ----------------------------------------------------------------------------------------------

    /// Fills in everything that the hypervisor decides (machine, devices that are always there, addresses, CPU) and
    /// refuses what it cannot run. May probe binaries. No guest and no turn.
    virtual Task<DefPtr> complete(model::DomainDef def, Purpose purpose) = 0;

    /// Refuses a device that a guest of this definition could not have: the last of those whose element has that name.
    /// Whether it gets on with the others is for `complete` to find. No guest and no turn.
    virtual Task<> check_device(DefPtr def, std::string element);

    // -- a guest's life -------------------------------------------------------------------------------------------

    /// The guest is already active: it has an id, a live definition (as yet a copy of what was completed: aliases and
    /// the like are the driver's to add, with guest->set_live) and the condition paused (starting up). Sets
    /// guest->machine and pid, saves the status before the first instruction runs, and returns when the CPUs run, after
    /// guest->running(options.reason); with `paused`, which a restored guest always is, when they could (the caller
    /// then calls resume). If it throws, nothing of the guest is left (the caller then ends it). The caller publishes
    /// "started".
    virtual Task<> start(GuestPtr guest, StartOptions options) = 0;
    /// Returns when nothing of it runs any more; the caller then calls guest->ended. Gracefully: gives up with an Error
    /// (operation_failed) if it does not go after SIGTERM. Called also for a hung guest, while another job holds the
    /// turn.
    enum class Destroy { now, gracefully };
    virtual Task<> destroy(GuestPtr guest, Destroy how) = 0;
    /// Asks; does not wait for the end.
    virtual Task<> shutdown(GuestPtr guest, std::vector<Way> ways);
    virtual Task<> reboot(GuestPtr guest, std::vector<Way> ways);
    virtual Task<> reset(GuestPtr guest);
    /// Returns after guest->paused(reason).
    virtual Task<> suspend(GuestPtr guest, Paused reason);
    /// Returns after guest->running(reason).
    virtual Task<> resume(GuestPtr guest, Running reason);
    /// Writes the image, and ends what runs; the caller then calls guest->ended(saved). After an Error the guest is as
    /// before, and no file is left.
    virtual Task<> save(GuestPtr guest, SaveOptions options);
    /// No guest, no turn.
    virtual Task<SavedImage> read_saved(std::string path);
    /// The memory in the image stays, what is said of it changes. No guest, no turn.
    virtual Task<> rewrite_saved(std::string path, SavedImage image);

    // -- snapshots and checkpoints --------------------------------------------------------------------------------

    virtual MomentRules moment_rules() const { return {}; }
    /// What becomes of memory and disks, where the request leaves it open: everything else is filled in. Refuses what
    /// cannot be taken.
    virtual Task<model::SnapshotDef> plan_snapshot(GuestPtr guest, model::SnapshotDef snapshot, SnapshotWish wish);
    /// Takes it, as planned. What is on disk from now on, null if that did not change; what runs is the driver's to
    /// change. After an Error all is as before.
    virtual Task<DefPtr> take_snapshot(GuestPtr guest, SnapshotPtr snapshot, SnapshotWish wish);
    /// Throws Error if the guest cannot return to it.
    virtual void check_revert(const model::SnapshotDef& snapshot);
    /// The disks of a guest that does not run become what they were.
    virtual Task<> restore_disks(GuestPtr guest, SnapshotPtr snapshot);
    /// Throws Error if not all of these can be deleted; `top` with or without those below it.
    virtual void check_removal(const Guest& guest, const std::vector<SnapshotPtr>& doomed, bool with_top);
    /// Takes the snapshot out of the images. What else changed because of it: the definition on disk (null: it did
    /// not), and other snapshots whose disks lie elsewhere now.
    struct Removal {
        DefPtr persistent;
        std::vector<SnapshotPtr> changed;
    };
    virtual Task<Removal> remove_snapshot(GuestPtr guest, SnapshotPtr snapshot, std::vector<SnapshotPtr> others);

    /// The disks are matched with the guest's. Throws Error if the guest's writes cannot be noted.
    virtual Task<> take_checkpoint(GuestPtr guest, CheckpointPtr checkpoint);
    virtual Task<> remove_checkpoint(GuestPtr guest, CheckpointPtr checkpoint);
    /// Throws Error if the guest's images do not have it.
    virtual Task<> check_checkpoint(GuestPtr guest, CheckpointPtr checkpoint);
    /// With the number of bytes that changed since.
    virtual Task<CheckpointPtr> measure_checkpoint(GuestPtr guest, CheckpointPtr checkpoint);

    /// Copies the disks, or lets others read them, as they are at this instant, when the checkpoint is made too (null:
    /// none). Returns when that goes on by itself. The disks are matched with the guest's.
    virtual Task<> begin_backup(GuestPtr guest, BackupPtr backup, CheckpointPtr checkpoint, bool reuse_files);
    /// Null: none is under way. No turn.
    virtual BackupPtr backup(const Guest& guest);
    /// The job that is under way, or the last one that has ended. No turn.
    virtual Task<std::optional<JobFigures>> job_figures(GuestPtr guest);
    virtual void forget_ended_job(const Guest& guest);
    /// False if there is no job. No turn; does not wait for its end.
    virtual Task<bool> abort_job(GuestPtr guest);

    // -- a guest at work ------------------------------------------------------------------------------------------

    virtual Task<> inject_nmi(GuestPtr guest);
    /// `keycodes` are of the code set `codeset` (virKeycodeSet). Held for `hold`.
    virtual Task<> send_key(GuestPtr guest, std::uint32_t codeset, std::chrono::milliseconds hold,
                            std::vector<std::uint32_t> keycodes);
    virtual Task<> pm_suspend(GuestPtr guest, std::uint32_t target, std::chrono::seconds duration);
    virtual Task<> pm_wakeup(GuestPtr guest);
    /// Only what must be told to what runs; the definitions are the caller's.
    enum class Occasion { poweroff = 0, reboot = 1, crash = 2 };
    virtual Task<> set_lifecycle_action(GuestPtr guest, Occasion occasion, std::uint32_t action);
    /// The live amount, by the balloon.
    virtual Task<> set_memory(GuestPtr guest, std::uint64_t kib);

    /// How often the guest's balloon reports; 0: never.
    virtual Task<> set_stats_period(GuestPtr guest, std::chrono::seconds period);
    /// No turn. What the guest's balloon reported last; nothing if it does not answer at once.
    virtual Task<std::vector<MemoryFigure>> memory_figures(GuestPtr guest);

    /// Of the numbers of the definition; which are plugged in afterwards is the caller's to note.
    virtual Task<> plug_vcpu(GuestPtr guest, unsigned vcpu);
    virtual Task<> unplug_vcpu(GuestPtr guest, unsigned vcpu);
    virtual void pin_vcpu(const Guest& guest, unsigned vcpu, const std::vector<unsigned>& cpus);
    virtual void pin_emulator(const Guest& guest, const std::vector<unsigned>& cpus);
    virtual Task<> pin_iothread(GuestPtr guest, unsigned id, std::vector<unsigned> cpus);
    virtual Task<> add_iothread(GuestPtr guest, unsigned id);
    virtual Task<> remove_iothread(GuestPtr guest, unsigned id);
    virtual Task<> tune_iothread(GuestPtr guest, unsigned id, IothreadTuning tuning);
    /// No turn; in the hypervisor's order.
    virtual Task<std::vector<IothreadUsage>> iothreads(GuestPtr guest);

    /// Plugs a device into what runs: of `wanted`, which is the live definition with it, the last of those whose
    /// element has that name. The live definition has it when this returns.
    virtual Task<> plug_device(GuestPtr guest, DefPtr wanted, std::string element);
    /// Asks the guest to let go of the device of that name. The live definition is without it as soon as it has, which
    /// can be long after this has returned; a guest that refuses is an Error.
    virtual Task<> unplug_device(GuestPtr guest, std::string alias);
    /// Changes what can be changed of a plugged device, which is known by its name: of `wanted`, the live definition
    /// with the device as it shall be.
    virtual Task<> update_device(GuestPtr guest, DefPtr wanted, std::string alias, bool force);

    /// From now on the limits that this disk has; it stands for the one of its alias.
    virtual Task<> limit_disk(GuestPtr guest, model::Disk disk);
    /// Tells once when so many bytes of that image have been written; 0: never.
    virtual Task<> set_write_threshold(GuestPtr guest, unsigned image, std::uint64_t bytes);

    /// No turn. A descriptor of the guest's console or serial port, both ways. `device` is an alias or empty: the first
    /// one. Throws operation_failed if somebody has it, unless `take_over`. Closing it lets go.
    virtual Task<Fd> open_console(GuestPtr guest, std::string device, bool take_over);
    virtual Task<Fd> open_channel(GuestPtr guest, std::string name, bool take_over);

    /// As the client typed it (`human`: the hypervisor's own command language); the reply's text.
    virtual Task<std::string> monitor_command(GuestPtr guest, std::string command, bool human);
    virtual Task<std::string> agent_command(GuestPtr guest, std::string command, int timeout_seconds);

    // -- questions: no turn, answered at once from what is known or from the host ----------------------------------

    virtual Usage usage(const Guest& guest);
    virtual std::vector<VcpuUsage> vcpus(const Guest& guest);
    /// "none" if there is no security driver.
    virtual std::string security_label(const Guest& guest);

    // -- what outlives a daemon -----------------------------------------------------------------------------------

    /// Elements that the driver needs to find a running guest again (monitor, vcpus, …), as text that goes into the
    /// status file's <domstatus> before <domain>, indented by two spaces, with a newline after each.
    virtual std::string status_elements(const Guest& guest) = 0;
    /// Takes a running guest over from an earlier daemon: sets machine, corrects the condition by guest->running and
    /// paused without waiting for a hung guest longer than a few seconds. Throws if nothing of it runs any more (the
    /// caller then ends it).
    virtual Task<> adopt(Remnant remnant) = 0;
    /// Called once, after all were adopted: ends and removes what belongs to no guest.
    virtual Task<> sweep();
    /// Lets go of all guests, which run on: the daemon ends.
    virtual Task<> close();
};

}  // namespace innkeeper::guests
