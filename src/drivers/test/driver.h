#pragma once

#include <array>
#include <map>

#include "drivers/test/host.h"
#include "guests/hypervisor.h"

namespace innkeeper::test {

/// What goes on inside of a guest, as its agent would tell. It outlasts the guest's runs.
struct Inside {
    std::int64_t seconds = 627319920;
    std::uint32_t nanoseconds = 0;
    std::array<bool, 2> frozen{};  ///< its file systems
};

/// The hypervisor that runs nothing: its guests change their state as told, and their figures are made up. All of them
/// end with the daemon.
class Driver final : public guests::Hypervisor {
  public:
    std::string folder() const override { return "test"; }
    std::string type() const override { return "TEST"; }
    std::string prefix() const override { return "test"; }
    ErrorDomain error_domain() const override { return ErrorDomain::test; }
    Task<std::uint64_t> version() override { co_return 2; }

    Task<std::string> capabilities() override { co_return capabilities_document(host); }
    Task<int> max_vcpus(std::string) override { co_return most_vcpus; }
    Task<std::vector<std::string>> cpu_models(std::string arch) override;
    Task<std::string> baseline_cpu(std::vector<std::string> documents, guests::CpuWish wish) override;

    Task<guests::DefPtr> complete(model::DomainDef def, guests::Purpose purpose) override;
    guests::DefPtr migratable(guests::DefPtr def) override;

    Task<> start(guests::GuestPtr guest, guests::StartOptions options) override;
    Task<> destroy(guests::GuestPtr guest, Destroy how) override;
    Task<> suspend(guests::GuestPtr guest, guests::Paused reason) override;
    Task<> resume(guests::GuestPtr guest, guests::Running reason) override;
    Task<> inject_nmi(guests::GuestPtr guest) override;
    Task<> send_key(guests::GuestPtr guest, std::uint32_t codeset, std::chrono::milliseconds hold,
                    std::vector<std::uint32_t> keycodes) override;
    Task<> set_memory(guests::GuestPtr guest, std::uint64_t kib) override;
    Task<> set_stats_period(guests::GuestPtr guest, std::chrono::seconds period) override;
    Task<std::vector<guests::MemoryFigure>> memory_figures(guests::GuestPtr guest) override;
    Task<> add_iothread(guests::GuestPtr guest, unsigned id) override;
    Task<> remove_iothread(guests::GuestPtr guest, unsigned id) override;
    guests::Usage usage(const guests::Guest& guest) override;

    // moments.cc
    guests::MomentRules moment_rules() const override;
    Task<model::SnapshotDef> plan_snapshot(guests::GuestPtr guest, model::SnapshotDef snapshot,
                                           guests::SnapshotWish wish) override;
    Task<guests::DefPtr> take_snapshot(guests::GuestPtr guest, guests::SnapshotPtr snapshot,
                                       guests::SnapshotWish wish) override;
    void check_revert(const model::SnapshotDef&) override {}
    Task<> restore_disks(guests::GuestPtr guest, guests::SnapshotPtr snapshot) override;
    void check_removal(const guests::Guest&, const std::vector<guests::SnapshotPtr>&, bool) override {}
    Task<Removal> remove_snapshot(guests::GuestPtr guest, guests::SnapshotPtr snapshot,
                                  std::vector<guests::SnapshotPtr> others) override;
    Task<> take_checkpoint(guests::GuestPtr guest, guests::CheckpointPtr checkpoint) override;
    Task<> remove_checkpoint(guests::GuestPtr guest, guests::CheckpointPtr checkpoint) override;
    Task<guests::CheckpointPtr> measure_checkpoint(guests::GuestPtr guest, guests::CheckpointPtr checkpoint) override;

    std::string status_elements(const guests::Guest&) override { return {}; }
    Task<> adopt(guests::Remnant) override { co_return; }

    Host host;
    Subnets subnet_of;
    std::map<Uuid, Inside> insides;
};

}  // namespace innkeeper::test
