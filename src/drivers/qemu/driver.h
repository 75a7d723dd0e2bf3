#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/paths.h"
#include "config/lock_settings.h"
#include "config/qemu_settings.h"
#include "drivers/qemu/abilities/abilities.h"
#include "drivers/qemu/ports.h"
#include "drivers/qemu/qmp/qmp.h"
#include "drivers/qemu/run_files.h"
#include "guests/hypervisor.h"
#include "loop/group.h"
#include "objects/network_addresses.h"
#include "objects/secret_values.h"
#include "objects/volumes.h"

namespace innkeeper::model {
struct Disk;
struct Graphics;
struct StorageSource;
struct Tpm;
}  // namespace innkeeper::model

namespace innkeeper::qemu {

class QemuMachine;
class Consoles;
class GuestLogs;
class BackupRun;
struct HostFacts;
struct CommandContext;
struct NeededSecret;
struct SealedSecret;
struct PlugStep;
struct SoftwareTpm;
struct FirmwareDescriptor;
struct NvramFile;

/// The drivers of what guests use. A guest that needs one which is not there does not start.
struct Neighbours {
    objects::SecretValues* secrets = nullptr;
    objects::Volumes* volumes = nullptr;
    objects::NetworkAddresses* networks = nullptr;
};

/// QEMU as a hypervisor. What is the same for every hypervisor lies above (guests); how one running QEMU behaves is
/// QemuMachine's; here is what the two have to do with each other, a file for each group of verbs.
class Driver final : public guests::Hypervisor {
  public:
    /// The neighbours outlive the driver.
    Driver(Paths paths, config::QemuSettings settings, Neighbours neighbours = {});
    ~Driver() override;

    std::string folder() const override { return "qemu"; }
    std::string type() const override { return "QEMU"; }
    std::string prefix() const override { return "qemu"; }
    ErrorDomain error_domain() const override { return ErrorDomain::qemu; }
    Task<std::uint64_t> version() override;
    Task<std::string> capabilities() override;
    Task<std::string> domain_capabilities(std::string emulator, std::string arch, std::string machine,
                                          std::string virt_type) override;
    Task<int> max_vcpus(std::string virt_type) override;
    Task<std::string> to_native(guests::DefPtr def) override;
    guests::DefPtr migratable(guests::DefPtr def) override;
    Task<guests::DefPtr> complete(model::DomainDef def, guests::Purpose purpose) override;
    Task<> check_device(guests::DefPtr def, std::string element) override;

    // driver_cpu.cc
    Task<std::vector<std::string>> cpu_models(std::string arch) override;
    Task<int> compare_cpu(std::string document, guests::CpuTest test) override;
    Task<std::string> baseline_cpu(std::vector<std::string> documents, guests::CpuWish wish) override;
    Task<int> compare_emulated_cpu(guests::EmulatorChoice choice, std::string document, guests::CpuTest test) override;
    Task<std::string> baseline_emulated_cpu(guests::EmulatorChoice choice, std::vector<std::string> documents,
                                            guests::CpuWish wish) override;
    Task<guests::DefPtr> update_cpu(guests::DefPtr def) override;

    // driver_start.cc
    Task<> start(guests::GuestPtr guest, guests::StartOptions options) override;

    // driver_control.cc
    Task<> destroy(guests::GuestPtr guest, Destroy how) override;
    Task<> shutdown(guests::GuestPtr guest, std::vector<guests::Way> ways) override;
    Task<> reboot(guests::GuestPtr guest, std::vector<guests::Way> ways) override;
    Task<> reset(guests::GuestPtr guest) override;
    Task<> suspend(guests::GuestPtr guest, guests::Paused reason) override;
    Task<> resume(guests::GuestPtr guest, guests::Running reason) override;
    Task<> inject_nmi(guests::GuestPtr guest) override;
    Task<> send_key(guests::GuestPtr guest, std::uint32_t codeset, std::chrono::milliseconds hold,
                    std::vector<std::uint32_t> keycodes) override;
    Task<> pm_suspend(guests::GuestPtr guest, std::uint32_t target, std::chrono::seconds duration) override;
    Task<> pm_wakeup(guests::GuestPtr guest) override;
    Task<> set_lifecycle_action(guests::GuestPtr guest, Occasion occasion, std::uint32_t action) override;
    Task<> set_memory(guests::GuestPtr guest, std::uint64_t kib) override;
    Task<> set_stats_period(guests::GuestPtr guest, std::chrono::seconds period) override;
    Task<std::vector<guests::MemoryFigure>> memory_figures(guests::GuestPtr guest) override;
    Task<std::string> monitor_command(guests::GuestPtr guest, std::string command, bool human) override;
    Task<std::string> agent_command(guests::GuestPtr guest, std::string command, int timeout_seconds) override;

    // driver_threads.cc
    Task<> plug_vcpu(guests::GuestPtr guest, unsigned vcpu) override;
    Task<> unplug_vcpu(guests::GuestPtr guest, unsigned vcpu) override;
    void pin_vcpu(const guests::Guest& guest, unsigned vcpu, const std::vector<unsigned>& cpus) override;
    void pin_emulator(const guests::Guest& guest, const std::vector<unsigned>& cpus) override;
    Task<> pin_iothread(guests::GuestPtr guest, unsigned id, std::vector<unsigned> cpus) override;
    Task<> add_iothread(guests::GuestPtr guest, unsigned id) override;
    Task<> remove_iothread(guests::GuestPtr guest, unsigned id) override;
    Task<> tune_iothread(guests::GuestPtr guest, unsigned id, guests::IothreadTuning tuning) override;
    Task<std::vector<guests::IothreadUsage>> iothreads(guests::GuestPtr guest) override;

    // driver_disks.cc
    Task<> limit_disk(guests::GuestPtr guest, model::Disk disk) override;
    Task<> set_write_threshold(guests::GuestPtr guest, unsigned image, std::uint64_t bytes) override;

    // driver_devices.cc
    Task<> plug_device(guests::GuestPtr guest, guests::DefPtr wanted, std::string element) override;
    Task<> unplug_device(guests::GuestPtr guest, std::string alias) override;
    // driver_updates.cc
    Task<> update_device(guests::GuestPtr guest, guests::DefPtr wanted, std::string alias, bool force) override;

    // driver_console.cc
    Task<Fd> open_console(guests::GuestPtr guest, std::string device, bool take_over) override;
    Task<Fd> open_channel(guests::GuestPtr guest, std::string name, bool take_over) override;

    // driver_saved.cc
    Task<> save(guests::GuestPtr guest, guests::SaveOptions options) override;
    Task<guests::SavedImage> read_saved(std::string path) override;
    Task<> rewrite_saved(std::string path, guests::SavedImage image) override;

    // driver_snapshots.cc
    guests::MomentRules moment_rules() const override;
    Task<model::SnapshotDef> plan_snapshot(guests::GuestPtr guest, model::SnapshotDef snapshot,
                                           guests::SnapshotWish wish) override;
    Task<guests::DefPtr> take_snapshot(guests::GuestPtr guest, guests::SnapshotPtr snapshot,
                                       guests::SnapshotWish wish) override;
    void check_revert(const model::SnapshotDef& snapshot) override;
    Task<> restore_disks(guests::GuestPtr guest, guests::SnapshotPtr snapshot) override;

    // driver_snapshot_removal.cc
    void check_removal(const guests::Guest& guest, const std::vector<guests::SnapshotPtr>& doomed,
                       bool with_top) override;
    Task<Removal> remove_snapshot(guests::GuestPtr guest, guests::SnapshotPtr snapshot,
                                  std::vector<guests::SnapshotPtr> others) override;

    // driver_checkpoints.cc
    Task<> take_checkpoint(guests::GuestPtr guest, guests::CheckpointPtr checkpoint) override;
    Task<> remove_checkpoint(guests::GuestPtr guest, guests::CheckpointPtr checkpoint) override;
    Task<> check_checkpoint(guests::GuestPtr guest, guests::CheckpointPtr checkpoint) override;
    Task<guests::CheckpointPtr> measure_checkpoint(guests::GuestPtr guest, guests::CheckpointPtr checkpoint) override;

    // driver_backup.cc
    Task<> begin_backup(guests::GuestPtr guest, guests::BackupPtr backup, guests::CheckpointPtr checkpoint,
                        bool reuse_files) override;
    guests::BackupPtr backup(const guests::Guest& guest) override;
    Task<std::optional<guests::JobFigures>> job_figures(guests::GuestPtr guest) override;
    void forget_ended_job(const guests::Guest& guest) override;
    Task<bool> abort_job(guests::GuestPtr guest) override;

    // driver_facts.cc
    guests::Usage usage(const guests::Guest& guest) override;
    std::vector<guests::VcpuUsage> vcpus(const guests::Guest& guest) override;
    std::string security_label(const guests::Guest& guest) override;

    // driver_adopt.cc
    std::string status_elements(const guests::Guest& guest) override;
    Task<> adopt(guests::Remnant remnant) override;
    Task<> sweep() override;
    Task<> close() override;

  private:
    void watch(const guests::GuestPtr& guest, std::shared_ptr<QemuMachine> machine);
    std::shared_ptr<QemuMachine> machine_of(const guests::GuestPtr& guest) const;
    RunFiles files_of(const guests::Guest& guest) const;
    RunFiles run_files(const std::string& name, int id) const;
    /// What the definition needs to know of the machine; what it does not ask for is not looked for.
    HostFacts host_facts(const model::DomainDef& def) const;
    Task<CapabilitiesPtr> chosen(guests::EmulatorChoice choice);
    // driver_tpm.cc
    /// Versions of TPMs that this host has in software: "1.2", "2.0".
    Task<std::vector<std::string>> tpm_versions();
    SoftwareTpm software_tpm(const model::DomainDef& def, const model::Tpm& tpm) const;
    Task<> prepare_tpm(SoftwareTpm tpm);
    /// Nothing for a guest without one.
    Task<> start_tpm(std::shared_ptr<QemuMachine> machine, guests::DefPtr def);
    void adopt_tpm(QemuMachine& machine, const guests::Guest& guest);

    // driver_firmware.cc
    Task<std::vector<FirmwareDescriptor>> firmware() const;
    /// With what `<os firmware=…>` leaves open decided.
    Task<model::DomainDef> with_firmware(model::DomainDef def) const;
    // driver_neighbours.cc
    struct DiskSecrets;
    Task<model::StorageSource> located(model::StorageSource source);
    Task<model::Disk> located(model::Disk disk);
    /// With volumes looked up, and without those that are not there and need not be. `secrets`: those of each disk are
    /// looked for as soon as it is known where the disk is.
    Task<model::DomainDef> with_volumes(model::DomainDef def);
    Task<model::DomainDef> with_volumes(model::DomainDef def, std::optional<DiskSecrets> secrets);
    Task<> check_disk_secrets(model::DomainDef def, model::Disk disk, DiskSecrets wanted);
    /// With the addresses of networks that are to be listened on.
    Task<model::DomainDef> with_listeners(model::DomainDef def);

    std::string nvram_folder() const;
    std::optional<NvramFile> nvram_of(const model::DomainDef& def) const;
    Task<> make_nvram(NvramFile file) const;
    CommandContext command_context(const RunFiles& files, int id) const;
    std::shared_ptr<model::DomainDef> running_definition(const guests::Guest& guest, model::DomainDef base,
                                                         QemuMachine& machine);
    /// By the id of the object that holds each.
    Task<std::map<std::string, SealedSecret, std::less<>>> sealed_secrets(std::vector<NeededSecret> needed,
                                                                          std::string master_key);
    /// The monitor's steps for the one device of that kind that the definition has.
    Task<std::vector<PlugStep>> steps_for(guests::GuestPtr guest, model::DomainDef only, std::string element);
    /// Locks follow what the guest has now; what cannot be locked is logged.
    static Task<> correct_locks(guests::GuestPtr guest, std::shared_ptr<QemuMachine> machine);
    Task<> change_medium(guests::GuestPtr guest, model::Disk old, model::DomainDef only, bool force);
    Task<> pin_all(guests::GuestPtr guest, std::shared_ptr<QemuMachine> machine);
    Task<> refresh_vcpus(std::shared_ptr<QemuMachine> machine);
    void lease_ports(model::DomainDef& def, QemuMachine& machine);
    void lease_tls_port(model::Graphics& graphics, QemuMachine& machine);
    Task<> launch(guests::GuestPtr guest, std::shared_ptr<QemuMachine> machine, guests::StartOptions options);
    Task<> set_up(guests::GuestPtr guest, std::shared_ptr<QemuMachine> machine);
    Task<> load_saved(std::shared_ptr<QemuMachine> machine, std::string path);
    /// The CPUs stand still when it returns, also after an Error; then no file is left.
    Task<> write_image(std::shared_ptr<QemuMachine> machine, std::string path, std::string head);

    Task<> take_inside(guests::GuestPtr guest, guests::SnapshotPtr snapshot, guests::SnapshotWish wish);
    Task<> take_inside_offline(guests::SnapshotPtr snapshot);
    Task<guests::DefPtr> take_outside(guests::GuestPtr guest, guests::SnapshotPtr snapshot, guests::SnapshotWish wish);
    Task<guests::DefPtr> take_outside_offline(guests::GuestPtr guest, guests::SnapshotPtr snapshot,
                                              guests::SnapshotWish wish);
    Task<guests::DefPtr> switch_layers(guests::GuestPtr guest, guests::SnapshotPtr snapshot, guests::SnapshotWish wish);
    Task<Removal> merge_snapshot(guests::GuestPtr guest, guests::SnapshotPtr snapshot,
                                 std::vector<guests::SnapshotPtr> others);
    Task<> prepare_backup(guests::GuestPtr guest, std::shared_ptr<BackupRun> run, bool reuse_files);
    Task<> merge_layer(guests::GuestPtr guest, std::string target, std::string path);
    void give_to_guests(const std::string& path) const;
    /// What makes an image known to a running QEMU; `backing` is the node that it lies on, empty: it has nothing below.
    std::vector<QmpCommand> nodes_for(const guests::Guest& guest, const model::StorageSource& image,
                                      const model::Disk& disk, std::string backing = {}) const;
    Task<> correct(guests::GuestPtr guest, std::shared_ptr<QemuMachine> machine, std::chrono::milliseconds limit);
    Task<> correct_late(guests::GuestPtr guest, std::shared_ptr<QemuMachine> machine);

    Paths paths_;
    config::QemuSettings settings_;
    Neighbours neighbours_;
    /// What qemu.conf says to every command line.
    std::unique_ptr<const CommandContext> configured_;
    RunAs run_as_;
    Abilities abilities_;
    Ports screens_, websockets_;
    TaskGroup watches_;
    std::vector<std::weak_ptr<QemuMachine>> machines_;  ///< all that run
    std::unique_ptr<Consoles> consoles_;
    std::unique_ptr<GuestLogs> logs_;
    std::optional<config::LockSettings> locks_;  ///< if disks are locked
    std::string tpm_mark_;                       ///< the program that said tpm_versions_
    std::vector<std::string> tpm_versions_;
};

}  // namespace innkeeper::qemu
