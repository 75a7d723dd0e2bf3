#include "guests/hypervisor.h"

#include "base/error.h"
#include "model/domain/domain.h"
#include "model/snapshot/backup.h"
#include "model/snapshot/snapshot.h"

namespace innkeeper::guests {

namespace {

[[noreturn]] void unsupported(std::string_view api) {
    throw Error(ErrorCode::no_support, ErrorDomain::domain, std::string(api));
}

}  // namespace

// A verb that a driver does not have answers with the name of the interface that the client called. These are
// coroutines so that the refusal comes where the verb is awaited.
Task<std::string> Hypervisor::domain_capabilities(std::string, std::string, std::string, std::string) {
    unsupported("virConnectGetDomainCapabilities");
    co_return "";
}
Task<int> Hypervisor::max_vcpus(std::string) {
    unsupported("virConnectGetMaxVcpus");
    co_return 0;
}
Task<std::string> Hypervisor::to_native(DefPtr) {
    unsupported("virConnectDomainXMLToNative");
    co_return "";
}
Task<std::vector<std::string>> Hypervisor::cpu_models(std::string) {
    unsupported("virConnectGetCPUModelNames");
    co_return std::vector<std::string>{};
}
Task<int> Hypervisor::compare_cpu(std::string, CpuTest) {
    unsupported("virConnectCompareCPU");
    co_return 0;
}
Task<int> Hypervisor::compare_emulated_cpu(EmulatorChoice, std::string, CpuTest) {
    unsupported("virConnectCompareHypervisorCPU");
    co_return 0;
}
Task<std::string> Hypervisor::baseline_cpu(std::vector<std::string>, CpuWish) {
    unsupported("virConnectBaselineCPU");
    co_return "";
}
Task<std::string> Hypervisor::baseline_emulated_cpu(EmulatorChoice, std::vector<std::string>, CpuWish) {
    unsupported("virConnectBaselineHypervisorCPU");
    co_return "";
}
Task<DefPtr> Hypervisor::update_cpu(DefPtr def) { co_return def; }
// Nothing is known that it could not have.
Task<> Hypervisor::check_device(DefPtr, std::string) { co_return; }
Task<> Hypervisor::plug_device(GuestPtr, DefPtr, std::string) {
    unsupported("virDomainAttachDeviceFlags");
    co_return;
}
Task<> Hypervisor::unplug_device(GuestPtr, std::string) {
    unsupported("virDomainDetachDeviceFlags");
    co_return;
}
Task<> Hypervisor::update_device(GuestPtr, DefPtr, std::string, bool) {
    unsupported("virDomainUpdateDeviceFlags");
    co_return;
}
Task<> Hypervisor::shutdown(GuestPtr, std::vector<Way>) {
    unsupported("virDomainShutdown");
    co_return;
}
Task<> Hypervisor::reboot(GuestPtr, std::vector<Way>) {
    unsupported("virDomainReboot");
    co_return;
}
Task<> Hypervisor::reset(GuestPtr) {
    unsupported("virDomainReset");
    co_return;
}
Task<> Hypervisor::suspend(GuestPtr, Paused) {
    unsupported("virDomainSuspend");
    co_return;
}
Task<> Hypervisor::resume(GuestPtr, Running) {
    unsupported("virDomainResume");
    co_return;
}
Task<> Hypervisor::save(GuestPtr, SaveOptions) {
    unsupported("virDomainSave");
    co_return;
}
Task<SavedImage> Hypervisor::read_saved(std::string) {
    unsupported("virDomainRestore");
    co_return SavedImage{};
}
Task<> Hypervisor::rewrite_saved(std::string, SavedImage) {
    unsupported("virDomainSaveImageDefineXML");
    co_return;
}
Task<> Hypervisor::set_stats_period(GuestPtr, std::chrono::seconds) {
    unsupported("virDomainSetMemoryStatsPeriod");
    co_return;
}
Task<std::vector<MemoryFigure>> Hypervisor::memory_figures(GuestPtr) { co_return std::vector<MemoryFigure>(); }
Task<> Hypervisor::plug_vcpu(GuestPtr, unsigned) {
    unsupported("virDomainSetVcpus");
    co_return;
}
Task<> Hypervisor::unplug_vcpu(GuestPtr, unsigned) {
    unsupported("virDomainSetVcpus");
    co_return;
}
void Hypervisor::pin_vcpu(const Guest&, unsigned, const std::vector<unsigned>&) { unsupported("virDomainPinVcpu"); }
void Hypervisor::pin_emulator(const Guest&, const std::vector<unsigned>&) { unsupported("virDomainPinEmulator"); }
Task<> Hypervisor::pin_iothread(GuestPtr, unsigned, std::vector<unsigned>) {
    unsupported("virDomainPinIOThread");
    co_return;
}
Task<> Hypervisor::add_iothread(GuestPtr, unsigned) {
    unsupported("virDomainAddIOThread");
    co_return;
}
Task<> Hypervisor::remove_iothread(GuestPtr, unsigned) {
    unsupported("virDomainDelIOThread");
    co_return;
}
Task<> Hypervisor::tune_iothread(GuestPtr, unsigned, IothreadTuning) {
    unsupported("virDomainSetIOThreadParams");
    co_return;
}
Task<std::vector<IothreadUsage>> Hypervisor::iothreads(GuestPtr) { co_return std::vector<IothreadUsage>(); }
Task<> Hypervisor::limit_disk(GuestPtr, model::Disk) {
    unsupported("virDomainSetBlockIoTune");
    co_return;
}
Task<> Hypervisor::set_write_threshold(GuestPtr, unsigned, std::uint64_t) {
    unsupported("virDomainSetBlockThreshold");
    co_return;
}
Task<> Hypervisor::inject_nmi(GuestPtr) {
    unsupported("virDomainInjectNMI");
    co_return;
}
Task<> Hypervisor::send_key(GuestPtr, std::uint32_t, std::chrono::milliseconds, std::vector<std::uint32_t>) {
    unsupported("virDomainSendKey");
    co_return;
}
Task<> Hypervisor::pm_suspend(GuestPtr, std::uint32_t, std::chrono::seconds) {
    unsupported("virDomainPMSuspendForDuration");
    co_return;
}
Task<> Hypervisor::pm_wakeup(GuestPtr) {
    unsupported("virDomainPMWakeup");
    co_return;
}
Task<> Hypervisor::set_lifecycle_action(GuestPtr, Occasion, std::uint32_t) {
    unsupported("virDomainSetLifecycleAction");
    co_return;
}
Task<> Hypervisor::set_memory(GuestPtr, std::uint64_t) {
    unsupported("virDomainSetMemory");
    co_return;
}
Task<Fd> Hypervisor::open_console(GuestPtr, std::string, bool) {
    unsupported("virDomainOpenConsole");
    co_return Fd();
}
Task<Fd> Hypervisor::open_channel(GuestPtr, std::string, bool) {
    unsupported("virDomainOpenChannel");
    co_return Fd();
}
Task<std::string> Hypervisor::monitor_command(GuestPtr, std::string, bool) {
    unsupported("virDomainQemuMonitorCommand");
    co_return "";
}
Task<std::string> Hypervisor::agent_command(GuestPtr, std::string, int) {
    unsupported("virDomainQemuAgentCommand");
    co_return "";
}
Task<model::SnapshotDef> Hypervisor::plan_snapshot(GuestPtr, model::SnapshotDef, SnapshotWish) {
    unsupported("virDomainSnapshotCreateXML");
    co_return model::SnapshotDef();
}
Task<DefPtr> Hypervisor::take_snapshot(GuestPtr, SnapshotPtr, SnapshotWish) {
    unsupported("virDomainSnapshotCreateXML");
    co_return DefPtr();
}
void Hypervisor::check_revert(const model::SnapshotDef&) { unsupported("virDomainRevertToSnapshot"); }
Task<> Hypervisor::restore_disks(GuestPtr, SnapshotPtr) {
    unsupported("virDomainRevertToSnapshot");
    co_return;
}
void Hypervisor::check_removal(const Guest&, const std::vector<SnapshotPtr>&, bool) {
    unsupported("virDomainSnapshotDelete");
}
Task<Hypervisor::Removal> Hypervisor::remove_snapshot(GuestPtr, SnapshotPtr, std::vector<SnapshotPtr>) {
    unsupported("virDomainSnapshotDelete");
    co_return Removal{};
}
Task<> Hypervisor::take_checkpoint(GuestPtr, CheckpointPtr) {
    unsupported("virDomainCheckpointCreateXML");
    co_return;
}
Task<> Hypervisor::remove_checkpoint(GuestPtr, CheckpointPtr) {
    unsupported("virDomainCheckpointDelete");
    co_return;
}
Task<> Hypervisor::check_checkpoint(GuestPtr, CheckpointPtr) {
    unsupported("virDomainCheckpointCreateXML");
    co_return;
}
Task<CheckpointPtr> Hypervisor::measure_checkpoint(GuestPtr, CheckpointPtr) {
    unsupported("virDomainCheckpointGetXMLDesc");
    co_return CheckpointPtr();
}
Task<> Hypervisor::begin_backup(GuestPtr, BackupPtr, CheckpointPtr, bool) {
    unsupported("virDomainBackupBegin");
    co_return;
}
BackupPtr Hypervisor::backup(const Guest&) { return nullptr; }
Task<std::optional<JobFigures>> Hypervisor::job_figures(GuestPtr) { co_return std::nullopt; }
void Hypervisor::forget_ended_job(const Guest&) {}
Task<bool> Hypervisor::abort_job(GuestPtr) { co_return false; }
Usage Hypervisor::usage(const Guest&) { return {}; }
std::vector<VcpuUsage> Hypervisor::vcpus(const Guest&) { return {}; }
std::string Hypervisor::security_label(const Guest&) { return {}; }
Task<> Hypervisor::close() { co_return; }
Task<> Hypervisor::sweep() { co_return; }

}  // namespace innkeeper::guests
