#include "base/error.h"
#include "drivers/test/driver.h"
#include "model/domain/domain.h"
#include "model/snapshot/checkpoint.h"
#include "model/snapshot/snapshot.h"

/// Snapshots and checkpoints of guests without disks: they are noted, and that is all.
namespace innkeeper::test {

using guests::CheckpointPtr;
using guests::DefPtr;
using guests::GuestPtr;
using guests::SnapshotPtr;
using guests::SnapshotWish;
using Mode = model::Disk::Snapshot;

guests::MomentRules Driver::moment_rules() const {
    guests::MomentRules rules;
    rules.create.flags = 0x3cb;  // not without metadata, of disks alone, or with images that are there
    rules.revert.flags = 0x7;
    rules.remove.flags = 0x5;
    rules.notes_migratable = true;
    rules.keeps_cookies = false;
    rules.create_checkpoint.flags = 0x3;
    rules.remove_checkpoint.flags = rules.describe_checkpoint.flags = 0x7;
    return rules;
}

/// Nothing of what is asked for matters but a file for the memory, which makes all of it external.
Task<model::SnapshotDef> Driver::plan_snapshot(GuestPtr guest, model::SnapshotDef snapshot, SnapshotWish) {
    const bool outside = snapshot.memory == Mode::external;
    if (!outside) snapshot.memory = guest->is_active() ? Mode::internal : Mode::no;
    model::match_disks(snapshot, {.mode = outside ? Mode::external : Mode::internal, .uniform = !outside});
    snapshot.inactive_domain.reset();
    // It is noted as another host would get it.
    if (snapshot.domain) snapshot.domain = migratable(snapshot.domain);
    co_return std::move(snapshot);
}

Task<DefPtr> Driver::take_snapshot(GuestPtr, SnapshotPtr, SnapshotWish) { co_return DefPtr(); }
Task<> Driver::restore_disks(GuestPtr, SnapshotPtr) { co_return; }
Task<guests::Hypervisor::Removal> Driver::remove_snapshot(GuestPtr, SnapshotPtr, std::vector<SnapshotPtr>) {
    co_return Removal{};
}

Task<> Driver::take_checkpoint(GuestPtr, CheckpointPtr) { co_return; }
Task<> Driver::remove_checkpoint(GuestPtr, CheckpointPtr) { co_return; }
Task<CheckpointPtr> Driver::measure_checkpoint(GuestPtr, CheckpointPtr checkpoint) { co_return checkpoint; }

}  // namespace innkeeper::test
