#pragma once

#include "guests/handlers.h"
#include "guests/moments.h"
#include "model/snapshot/checkpoint.h"
#include "model/snapshot/snapshot.h"

/// What questions about snapshots and about checkpoints have in common.
namespace innkeeper::guests {

/// Which of a list's members are wanted: whether others are below them, …
bool passes_filters(const model::SnapshotDef& snapshot, bool is_parent, std::uint32_t flags);
bool passes_filters(const model::CheckpointDef& checkpoint, bool is_parent, std::uint32_t flags);

/// Those below `top` (empty: of the whole guest) that a list with these flags has, parents before children.
template <class Def>
std::vector<std::shared_ptr<const Def>> listed(const Moments<Def>& tree, const std::string& top, std::uint32_t flags) {
    using Depth = Moments<Def>::Depth;
    // One bit means "the roots only" for a guest and "all descendants" for a member.
    static_assert(VIR_DOMAIN_SNAPSHOT_LIST_ROOTS == VIR_DOMAIN_SNAPSHOT_LIST_DESCENDANTS &&
                  VIR_DOMAIN_SNAPSHOT_LIST_ROOTS == VIR_DOMAIN_CHECKPOINT_LIST_ROOTS);
    const bool has_bit = (flags & VIR_DOMAIN_SNAPSHOT_LIST_ROOTS) != 0;
    auto found = tree.below(top, has_bit == top.empty() ? Depth::children : Depth::all);
    const auto parents = tree.parents();
    std::erase_if(found,
                  [&](const auto& moment) { return !passes_filters(*moment, parents.contains(moment->name), flags); });
    return found;
}

/// Throw Error in the peer's words where there is none of that name.
SnapshotPtr find_snapshot(const Moments<model::SnapshotDef>& tree, const std::string& name);
CheckpointPtr find_checkpoint(const Moments<model::CheckpointDef>& tree, const std::string& name);

wire::DomainSnapshot wire_snapshot(const Guest& guest, const model::SnapshotDef& snapshot);
wire::DomainCheckpoint wire_checkpoint(const Guest& guest, const model::CheckpointDef& checkpoint);

/// The public functions refuse both of two flags, and one without another that it needs.
struct Flag {
    std::uint32_t bit;
    std::string_view name;
};
void refuse_both(std::uint32_t flags, Flag one, Flag other, ErrorDomain domain);
void refuse_alone(std::uint32_t flags, Flag one, Flag needed, ErrorDomain domain);

}  // namespace innkeeper::guests
