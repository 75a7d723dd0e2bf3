#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/domain/cpu.h"
#include "model/domain/disk.h"
#include "xml/description.h"

namespace innkeeper::model {

struct DomainDef;

/// What becomes of one disk in a snapshot: nothing, a mark inside of its image, or a new image on top of it.
struct SnapshotDisk {
    std::string name;  ///< the disk's target, once the snapshot has been matched with its guest
    std::optional<Disk::Snapshot> mode;
    /// The new image, of an external one.
    StorageSource source;
    std::optional<std::uint64_t> metadata_cache_max_bytes;
    bool operator==(const SnapshotDisk&) const = default;
};

/// What was decided when the guest was started, and must be so again when its memory is loaded.
struct SnapshotCookie {
    std::optional<Cpu> cpu;
    bool slirp_helper = false;
    bool operator==(const SnapshotCookie&) const = default;
};

/// A point in a guest's past to which it can return: an immutable value once it has been made.
struct SnapshotDef {
    /// What the guest was doing, or that only its disks were taken.
    enum class State { running, blocked, paused, shutdown, shutoff, crashed, pmsuspended, disk_snapshot };

    std::string name, description;
    std::optional<State> state;
    std::string parent;  ///< empty: it has none
    std::optional<std::int64_t> creation_time;
    std::optional<Disk::Snapshot> memory;
    std::string memory_file;
    std::vector<SnapshotDisk> disks;
    /// The guest as it ran or would have run, and of one that ran also what was on disk.
    std::shared_ptr<const DomainDef> domain, inactive_domain;
    std::optional<SnapshotCookie> cookie;
    std::string active;  ///< in the file alone: "1" for the guest's current one

    /// A client that asks for a snapshot says only a part of it; the rest is not looked at.
    bool is_whole = true;

    bool is_external() const;  ///< a file beside the guest's own images belongs to it
    bool operator==(const SnapshotDef&) const;
};
constexpr auto names_of(SnapshotDef::State) {
    return xml::names("running", "blocked", "paused", "shutdown", "shutoff", "crashed", "pmsuspended", "disk-snapshot");
}

/// Reads what a client asks for, or with `whole` all of it: one that is defined again, or that was stored. Throws Error
/// in the peer's words.
enum class SnapshotPart { request, whole };
SnapshotDef parse_snapshot(std::string_view text, SnapshotPart part);

/// The document; with passwords only for who may see them.
enum class Secrets { hidden, shown };
std::string format_snapshot(const SnapshotDef& snapshot, Secrets secrets);

/// Matches the disks of a snapshot with those of the guest (`snapshot.domain`): each gets an entry, in the guest's
/// order, by its target, with `mode` unless somebody said otherwise, and an external one its file. `uniform`: nobody
/// may say otherwise. Looks at the guest's files. Throws Error in the peer's words.
struct SnapshotRule {
    Disk::Snapshot mode = Disk::Snapshot::internal;
    bool uniform = false;
};
void match_disks(SnapshotDef& snapshot, SnapshotRule rule);

/// The rule for a snapshot that is defined again.
SnapshotRule rule_of(const SnapshotDef& snapshot);

/// What is said of the memory must fit to the state; where nothing is said, this does.
void settle_memory(SnapshotDef& snapshot);

extern const xml::Element<SnapshotDef> snapshot_element;

}  // namespace innkeeper::model
