#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "base/error.h"
#include "base/undo.h"
#include "drivers/qemu/driver.h"
#include "drivers/qemu/human.h"
#include "drivers/qemu/image_tool.h"
#include "drivers/qemu/layers.h"
#include "drivers/qemu/machine.h"
#include "drivers/qemu/snapshot_files.h"
#include "loop/pool.h"
#include "model/domain/domain.h"
#include "model/snapshot/snapshot.h"

/// Snapshots: what can be taken, and taking those that lie inside of the images.
namespace innkeeper::qemu {

using namespace std::chrono_literals;
using guests::DefPtr;
using guests::GuestPtr;
using guests::SnapshotPtr;
using guests::SnapshotWish;
using model::SnapshotDef;
using model::SnapshotDisk;
using Mode = model::Disk::Snapshot;

namespace {

/// A large guest's memory takes its time to get into an image.
constexpr auto memory_limit = 1h;

bool has_agent(const model::DomainDef& def) {
    return std::ranges::any_of(def.devices.channels,
                               [](const model::Channel& channel) { return channel.name == "org.qemu.guest_agent.0"; });
}

bool is_inside(const SnapshotDisk& disk) { return disk.mode == Mode::internal; }
bool is_outside(const SnapshotDisk& disk) { return disk.mode == Mode::external; }

/// Before the disks are looked at.
void check_wish(const guests::Guest& guest, const SnapshotDef& snapshot, const SnapshotWish& wish) {
    if (snapshot.state == SnapshotDef::State::pmsuspended)
        throw Error(ErrorCode::operation_unsupported, "qemu doesn't support taking snapshots of PMSUSPENDED guests");
    if (wish.live && (snapshot.memory != Mode::external || !guest.is_active()))
        throw Error(ErrorCode::operation_unsupported,
                    "live snapshot creation is supported only during full system snapshots");
    if (guest.is_active() && !wish.disk_only && snapshot.memory == Mode::no)
        throw Error(ErrorCode::operation_unsupported,
                    "internal snapshot of a running VM must include the memory state");
    if (!wish.quiesce || !guest.is_active()) return;
    if (!has_agent(*guest.live())) throw Error(ErrorCode::argument_unsupported, "QEMU guest agent is not configured");
    throw Error(ErrorCode::operation_unsupported, "the guest's file systems cannot be made to stand still yet");
}

/// All disks take part in the same way.
void check_together(const SnapshotDef& snapshot, const model::DomainDef& domain) {
    const bool inside = std::ranges::any_of(snapshot.disks, is_inside);
    const bool outside = std::ranges::any_of(snapshot.disks, is_outside);
    const bool by_hand =
        std::ranges::find(snapshot.disks, Mode::manual, &model::SnapshotDisk::mode) != snapshot.disks.end();
    const auto refuse = [](const char* why) { throw Error(ErrorCode::config_unsupported, why); };
    if (!inside && !outside && !by_hand && snapshot.memory != Mode::external) refuse("nothing selected for snapshot");
    if (inside && outside) refuse("mixing internal and external targets for a snapshot is not yet supported");
    if (!inside) return;
    for (std::size_t i = 0; i < snapshot.disks.size(); ++i) {
        const auto& disk = domain.devices.disks[i];
        if (snapshot.disks[i].mode == Mode::no && !disk.readonly && !disk.source.is_empty())
            refuse("internal and full system snapshots require all disks to be selected for snapshot");
    }
}

void check_inside(const SnapshotDisk& entry, const model::Disk& disk) {
    if (disk.source.format != "qcow2" || !disk.source.is_local())
        throw Error(ErrorCode::config_unsupported,
                    fmt::format("internal snapshot for disk {} unsupported for storage type {}", entry.name,
                                disk.source.format.empty() ? "raw" : disk.source.format));
}

SnapshotDef planned(SnapshotDef snapshot, SnapshotWish wish) {
    const bool outside = wish.disk_only || snapshot.memory == Mode::external;
    model::match_disks(snapshot, {.mode = outside ? Mode::external : Mode::internal, .uniform = !outside});
    for (std::size_t i = 0; i < snapshot.disks.size(); ++i) {
        SnapshotDisk& entry = snapshot.disks[i];
        if (is_inside(entry)) check_inside(entry, snapshot.domain->devices.disks[i]);
        if (!is_outside(entry)) continue;
        if (entry.source.format.empty()) entry.source.format = "qcow2";
        check_new_image(entry, wish.reuse_files);
    }
    check_together(snapshot, *snapshot.domain);
    return snapshot;
}

/// The disks that a snapshot inside of the images concerns, in their order.
std::vector<std::string> images_inside(const SnapshotDef& snapshot) {
    std::vector<std::string> paths;
    if (!snapshot.domain) return paths;
    for (const auto& entry : snapshot.disks) {
        const auto* disk = disk_of(*snapshot.domain, entry.name);
        if (is_inside(entry) && disk != nullptr) paths.push_back(disk->source.path);
    }
    return paths;
}

Task<> remove_inside(std::vector<std::string> images, std::string name) {
    for (const auto& image : images) {
        try {
            co_await run_image_tool({"snapshot", "-d", name, image});
        } catch (const Error&) {
            // What an image does not have, or cannot be reached, is as good as gone from it.
        }
    }
}

}  // namespace

guests::MomentRules Driver::moment_rules() const {
    guests::MomentRules rules;
    rules.create = {"SnapshotCreateXML", 0x3ff};
    rules.revert = {"SnapshotRevert", 0xf};
    rules.remove = {"SnapshotDelete", 0x7};
    rules.create_checkpoint = {"CheckpointCreateXML", 0x5};
    rules.remove_checkpoint = {"CheckpointDelete", 0x7};
    rules.describe_checkpoint = {"CheckpointGetXMLDesc", 0x7};
    rules.revert_redefines = true;
    return rules;
}

Task<SnapshotDef> Driver::plan_snapshot(GuestPtr guest, SnapshotDef snapshot, SnapshotWish wish) {
    check_wish(*guest, snapshot, wish);
    model::settle_memory(snapshot);
    co_return co_await in_pool(
        [snapshot = std::move(snapshot), wish]() mutable { return planned(std::move(snapshot), wish); });
}

Task<DefPtr> Driver::take_snapshot(GuestPtr guest, SnapshotPtr snapshot, SnapshotWish wish) {
    const bool inside = std::ranges::any_of(snapshot->disks, is_inside);
    if (!guest->is_active()) {
        if (!inside) co_return co_await take_outside_offline(guest, snapshot, wish);
        co_await take_inside_offline(snapshot);
        co_return DefPtr();
    }
    if (!inside) co_return co_await take_outside(guest, snapshot, wish);
    co_await take_inside(guest, snapshot, wish);
    co_return DefPtr();
}

Task<> Driver::take_inside_offline(SnapshotPtr snapshot) {
    std::vector<std::string> done;
    std::exception_ptr failure;
    try {
        for (const auto& image : images_inside(*snapshot)) {
            co_await run_image_tool({"snapshot", "-c", snapshot->name, image});
            done.push_back(image);
        }
    } catch (...) {
        failure = std::current_exception();
    }
    if (!failure) co_return;
    Scope unhurried;
    co_await remove_inside(std::move(done), snapshot->name).under(unhurried);
    std::rethrow_exception(failure);
}

/// QEMU writes memory and disks into the images, with the CPUs standing still.
Task<> Driver::take_inside(GuestPtr guest, SnapshotPtr snapshot, SnapshotWish wish) {
    const auto machine = machine_of(guest);
    const bool was_running = guest->condition().state == guests::State::running;
    if (was_running) co_await suspend(guest, guests::Paused::snapshot);
    std::exception_ptr failure;
    try {
        co_await human(machine->monitor(), fmt::format("savevm {}", quoted(snapshot->name)), memory_limit);
    } catch (...) {
        failure = std::current_exception();
    }
    Scope unhurried;
    if (was_running && (failure || !wish.halt) && !machine->exited.is_set())
        co_await resume(guest, guests::Running::unpaused).under(unhurried);
    if (failure) std::rethrow_exception(failure);
}

void Driver::check_revert(const SnapshotDef& snapshot) {
    if (snapshot.is_external())
        throw Error(ErrorCode::config_unsupported, "revert to external snapshot not supported yet");
}

Task<> Driver::restore_disks(GuestPtr, SnapshotPtr snapshot) {
    for (const auto& image : images_inside(*snapshot))
        co_await run_image_tool({"snapshot", "-a", snapshot->name, image});
}

}  // namespace innkeeper::qemu
