#include <fmt/format.h>

#include <ctime>

#include "base/error.h"
#include "guests/moment_checks.h"
#include "guests/moment_lists.h"
#include "loop/pool.h"
#include "model/domain/domain.h"
#include "model/snapshot/backup.h"
#include "model/snapshot/schema.h"
#include "protocol/remote/checkpoint.h"
#include "protocol/remote/domain.h"
#include "rpc/codec/typed_params.h"

/// Backups of running guests, and the jobs that they are.
namespace innkeeper::guests {

namespace {

using model::BackupDef;
using model::BackupDisk;

[[noreturn]] void unsupported(std::string sentence) {
    throw Error(ErrorCode::config_unsupported, ErrorDomain::domain, std::move(sentence));
}

/// What the backup says of each of the guest's disks, in their order.
void match_disks(BackupDef& backup, const model::DomainDef& def) {
    std::vector<BackupDisk> matched(def.devices.disks.size());
    std::vector<bool> is_named(matched.size());
    for (auto& entry : backup.disks) {
        const auto disk = std::ranges::find(def.devices.disks, entry.name, &model::Disk::target);
        if (disk == def.devices.disks.end()) unsupported(fmt::format("no disk named '{}'", entry.name));
        const auto place = static_cast<std::size_t>(disk - def.devices.disks.begin());
        if (is_named[place]) unsupported(fmt::format("backup for disk '{}' specified twice", entry.name));
        is_named[place] = true;
        matched[place] = std::move(entry);
        if (!matched[place].backup) matched[place].backup = true;
        if (*matched[place].backup && disk->source.is_empty())
            unsupported(fmt::format("backup for empty disk '{}' is not possible", disk->target));
    }
    for (std::size_t i = 0; i < matched.size(); ++i) {
        const auto& disk = def.devices.disks[i];
        matched[i].name = disk.target;
        if (!is_named[i]) matched[i].backup = !backup.has_disks && !disk.source.is_empty() && !disk.readonly;
    }
    backup.disks = std::move(matched);
}

/// What is copied of each disk, and where it goes, unless that was said.
void complete_disks(BackupDef& backup, const model::DomainDef& def) {
    const auto suffix = std::to_string(std::time(nullptr));
    const bool pulls = backup.kind == BackupDef::Kind::pull;
    for (std::size_t i = 0; i < backup.disks.size(); ++i) {
        auto& entry = backup.disks[i];
        const auto& source = def.devices.disks[i].source;
        if (!entry.takes_part()) continue;
        if (entry.incremental.empty() && entry.mode != BackupDisk::Mode::full) entry.incremental = backup.incremental;
        entry.mode = entry.incremental.empty() ? BackupDisk::Mode::full : BackupDisk::Mode::incremental;
        if (entry.store.format.empty()) entry.store.format = "qcow2";
        if (pulls && entry.store.format != "qcow2")
            unsupported("pull mode backup must be used with a 'qcow2' scratch image");
        if (entry.store.path.empty()) {
            if (!source.is_local() || source.path.empty())
                unsupported(fmt::format("refusing to generate file name for disk '{}'", entry.name));
            entry.store.path = fmt::format("{}.{}", source.path, suffix);
        }
        entry.has_store = true;
        if (!pulls) continue;
        if (entry.export_name.empty()) entry.export_name = entry.name;
        if (entry.mode == BackupDisk::Mode::incremental && entry.export_bitmap.empty())
            entry.export_bitmap = "backup-" + entry.name;
    }
}

class Backups : public Handlers {
  public:
    using Handlers::Handlers;

    void install(rpc::HandlerTable& table) {
        table.add<wire::DomainBackupBegin>(*this, &Backups::begin);
        table.add<wire::DomainBackupGetXmlDesc>(*this, &Backups::describe);
        table.add<wire::DomainAbortJob>(*this, &Backups::abort_job);
        table.add<wire::DomainGetJobInfo>(*this, &Backups::get_job_info);
        table.add<wire::DomainGetJobStats>(*this, &Backups::get_job_stats);
    }

  private:
    Task<> begin(Caller, wire::DomainBackupBeginArgs args) {
        check_flags(args.flags, VIR_DOMAIN_BACKUP_BEGIN_REUSE_EXTERNAL, "BackupBegin");
        const auto guest = find(args.dom);
        co_await in_pool([text = args.backup_xml] { model::validate_backup(text); });
        auto asked = model::parse_backup(args.backup_xml);
        std::optional<model::CheckpointDef> point;
        if (args.checkpoint_xml) {
            co_await in_pool([text = *args.checkpoint_xml] { model::validate_checkpoint(text); });
            point = model::parse_checkpoint(*args.checkpoint_xml, model::CheckpointPart::request);
        }
        const auto turn = co_await guest->turn("backup");
        if (!guest->is_active())
            throw Error(ErrorCode::operation_unsupported, "cannot perform disk backup for inactive domain");
        if (hypervisor().backup(*guest))
            throw Error(ErrorCode::operation_invalid, "another backup job is already running");
        CheckpointPtr checkpoint;
        if (point) checkpoint = co_await new_checkpoint(guests_, guest, std::move(*point));
        match_disks(asked, *guest->live());
        complete_disks(asked, *guest->live());
        co_await check_incremental(guest, asked);
        const bool reuse = (args.flags & VIR_DOMAIN_BACKUP_BEGIN_REUSE_EXTERNAL) != 0;
        co_await hypervisor().begin_backup(guest, std::make_shared<const BackupDef>(std::move(asked)), checkpoint,
                                           reuse);
        if (!checkpoint) co_return;
        co_await guests_.checkpoints().put(guest, checkpoint, Checkpoints::Current::yes);
        guests_.registry().touch();
    }

    Task<> check_incremental(GuestPtr guest, BackupDef backup) {
        const auto tree = co_await guests_.checkpoints().of(guest);
        for (const auto& entry : backup.disks)
            if (entry.takes_part() && !entry.incremental.empty() && !tree->find(entry.incremental))
                throw Error(ErrorCode::no_domain_checkpoint,
                            fmt::format("Checkpoint '{}' for incremental backup of disk '{}' not found",
                                        entry.incremental, entry.name));
    }

    wire::DomainBackupGetXmlDescRet describe(const Caller&, const wire::DomainBackupGetXmlDescArgs& args) {
        check_flags(args.flags, 0, "DomainBackupGetXMLDesc");
        const auto backup = hypervisor().backup(*find(args.dom));
        if (!backup) throw Error(ErrorCode::no_domain_backup, "no domain backup job present");
        return {model::format_backup(*backup)};
    }

    Task<> abort_job(Caller, wire::DomainAbortJobArgs args) {
        const auto guest = find(args.dom);
        require_active(*guest);
        if (!co_await hypervisor().abort_job(guest))
            throw Error(ErrorCode::operation_invalid, "no job is active on the domain");
    }

    Task<wire::DomainGetJobInfoRet> get_job_info(Caller, wire::DomainGetJobInfoArgs args) {
        const auto guest = find(args.dom);
        require_active(*guest);
        wire::DomainGetJobInfoRet ret{};
        const auto job = co_await hypervisor().job_figures(guest);
        if (!job || job->has_ended) co_return ret;
        ret.type = type_of(*job);
        ret.timeElapsed = static_cast<std::uint64_t>(job->elapsed.count());
        ret.dataTotal = ret.fileTotal = job->disk_total;
        ret.dataProcessed = ret.fileProcessed = job->disk_processed;
        ret.dataRemaining = ret.fileRemaining = job->disk_total - job->disk_processed;
        co_return ret;
    }

    Task<wire::DomainGetJobStatsRet> get_job_stats(Caller, wire::DomainGetJobStatsArgs args) {
        check_flags(args.flags, VIR_DOMAIN_JOB_STATS_COMPLETED | VIR_DOMAIN_JOB_STATS_KEEP_COMPLETED,
                    "DomainGetJobStats");
        const auto guest = find(args.dom);
        const bool ended = (args.flags & VIR_DOMAIN_JOB_STATS_COMPLETED) != 0;
        if (!ended) require_active(*guest);
        wire::DomainGetJobStatsRet ret{};
        const auto job = co_await hypervisor().job_figures(guest);
        if (!job || job->has_ended != ended) co_return ret;
        if (ended && (args.flags & VIR_DOMAIN_JOB_STATS_KEEP_COMPLETED) == 0) hypervisor().forget_ended_job(*guest);
        ret.type = type_of(*job);
        ret.params = params_of(*job);
        co_return ret;
    }

    static std::int32_t type_of(const JobFigures& job) {
        if (job.has_ended) return VIR_DOMAIN_JOB_COMPLETED;
        return job.ends_itself ? VIR_DOMAIN_JOB_BOUNDED : VIR_DOMAIN_JOB_UNBOUNDED;
    }

    static rpc::TypedParams params_of(const JobFigures& job) {
        rpc::TypedParams params;
        rpc::add_int(params, "operation", job.operation);
        rpc::add_ullong(params, "time_elapsed", static_cast<std::uint64_t>(job.elapsed.count()));
        if (job.disk_total != 0) {
            rpc::add_ullong(params, "disk_total", job.disk_total);
            rpc::add_ullong(params, "disk_processed", job.disk_processed);
            rpc::add_ullong(params, "disk_remaining", job.disk_total - job.disk_processed);
        }
        if (job.temp_total != 0) {
            rpc::add_ullong(params, "disk_temp_used", job.temp_used);
            rpc::add_ullong(params, "disk_temp_total", job.temp_total);
        }
        if (job.has_ended) rpc::add_boolean(params, "success", true);
        if (!job.failure.empty()) rpc::add_string(params, "errmsg", job.failure);
        return params;
    }
};

}  // namespace

Installed install_backups(Guests& guests, rpc::HandlerTable& table) { return install_group<Backups>(guests, table); }

}  // namespace innkeeper::guests
