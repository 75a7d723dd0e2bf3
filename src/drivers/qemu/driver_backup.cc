#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "base/files.h"
#include "drivers/qemu/backup_run.h"
#include "drivers/qemu/bitmaps.h"
#include "drivers/qemu/command/storage.h"
#include "drivers/qemu/driver.h"
#include "drivers/qemu/image_tool.h"
#include "drivers/qemu/layers.h"
#include "drivers/qemu/machine.h"
#include "drivers/qemu/nodes.h"
#include "drivers/qemu/status_parts.h"
#include "loop/pool.h"
#include "model/domain/domain.h"
#include "model/snapshot/checkpoint.h"

/// Backups of running guests.
namespace innkeeper::qemu {

using guests::BackupPtr;
using guests::CheckpointPtr;
using guests::GuestPtr;

namespace {

std::shared_ptr<BackupRun> run_of(const guests::Guest& guest) {
    return guest.machine ? guest.machine_as<QemuMachine>()->backup : nullptr;
}

void check_store(const BackupRun::Part& part, bool reuse) {
    const bool exists = path_exists(part.store.path);
    if (part.store.type == model::StorageSource::Type::block ? !exists : reuse && !exists)
        throw Error::system(
            ENOENT, fmt::format("missing existing file for backup of disk '{}': {}", part.disk, part.store.path));
    if (part.store.type == model::StorageSource::Type::file && exists && !reuse)
        throw Error(ErrorCode::invalid_arg,
                    fmt::format("store '{}' for backup of '{}' exists", part.store.path, part.disk));
}

}  // namespace

Task<> Driver::begin_backup(GuestPtr guest, BackupPtr asked, CheckpointPtr checkpoint, bool reuse_files) {
    if (asked->server && asked->server->tls == true)
        throw Error(ErrorCode::operation_unsupported, "a backup cannot be read through TLS yet");
    const auto machine = machine_of(guest);
    boost::json::array actions;
    if (checkpoint) actions = checkpoint_actions(*guest, *checkpoint);
    const auto run = std::make_shared<BackupRun>(machine, asked);
    if (run->parts().empty()) throw Error(ErrorCode::operation_failed, "no disks were selected for backup");
    std::exception_ptr failure;
    try {
        co_await prepare_backup(guest, run, reuse_files);
        co_await run->begin(std::move(actions));
    } catch (...) {
        failure = std::current_exception();
    }
    if (failure) {
        Scope unhurried;
        co_await run->clean_up(BackupRun::Stores::remove).under(unhurried);
        std::rethrow_exception(failure);
    }
    machine->backup = run;
    machine->tasks.spawn(BackupRun::follow(run));
}

/// Each disk's store is made and opened.
Task<> Driver::prepare_backup(GuestPtr guest, std::shared_ptr<BackupRun> run, bool reuse_files) {
    const auto machine = machine_of(guest);
    const auto known = co_await machine->monitor().execute("query-named-block-nodes", {{"flat", true}});
    machine->last_image = std::max(machine->last_image, last_image(*guest->live()));
    for (auto& part : run->parts()) {
        const auto* disk = disk_of(*guest->live(), part.disk);
        part.source = node_name(disk->source) + "-format";
        part.job = fmt::format("backup-{}-{}", part.disk, part.source);
        part.size = image_size(known, part.source);
        part.store.index = ++machine->last_image;
        co_await in_pool([part, reuse_files] { check_store(part, reuse_files); });
        if (!reuse_files) {
            part.is_made = part.store.type == model::StorageSource::Type::file;
            co_await run_image_tool({"create", "-f", part.store.format, part.store.path, std::to_string(part.size)});
            if (part.is_made) give_to_guests(part.store.path);
        }
        // What others read is what the guest has, as far as it was not written since: that lies in the store.
        for (auto& command : nodes_for(*guest, part.store, *disk, run->pulls() ? part.source : std::string())) {
            const std::string node(command.arguments.at("node-name").as_string());
            co_await machine->monitor().execute(command.name, std::move(command.arguments));
            part.nodes.push_back(node);
        }
    }
}

BackupPtr Driver::backup(const guests::Guest& guest) {
    const auto run = run_of(guest);
    return run && !run->has_ended() ? run->document() : nullptr;
}

Task<std::optional<guests::JobFigures>> Driver::job_figures(GuestPtr guest) {
    const auto run = run_of(*guest);
    if (!run) co_return std::nullopt;
    co_return co_await run->figures();
}

void Driver::forget_ended_job(const guests::Guest& guest) {
    if (const auto run = run_of(guest); run && run->has_ended()) guest.machine_as<QemuMachine>()->backup.reset();
}

Task<bool> Driver::abort_job(GuestPtr guest) {
    const auto run = run_of(*guest);
    if (!run || run->has_ended()) co_return false;
    co_await run->abort();
    co_return true;
}

}  // namespace innkeeper::qemu
