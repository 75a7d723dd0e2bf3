#include "guests/moment_lists.h"

#include <fmt/format.h>

#include "base/error.h"
#include "objects/requests.h"

namespace innkeeper::guests {

using objects::passes;

bool passes_filters(const model::SnapshotDef& snapshot, bool is_parent, std::uint32_t flags) {
    using State = model::SnapshotDef::State;
    if ((flags & VIR_DOMAIN_SNAPSHOT_LIST_LEAVES) != 0 && is_parent) return false;
    if ((flags & VIR_DOMAIN_SNAPSHOT_LIST_NO_LEAVES) != 0 && !is_parent) return false;
    // All that there are have their metadata here.
    if (!passes(flags, VIR_DOMAIN_SNAPSHOT_LIST_METADATA, VIR_DOMAIN_SNAPSHOT_LIST_NO_METADATA, true)) return false;
    constexpr std::uint32_t states =
        VIR_DOMAIN_SNAPSHOT_LIST_INACTIVE | VIR_DOMAIN_SNAPSHOT_LIST_ACTIVE | VIR_DOMAIN_SNAPSHOT_LIST_DISK_ONLY;
    const std::uint32_t state = snapshot.state == State::shutoff         ? VIR_DOMAIN_SNAPSHOT_LIST_INACTIVE
                                : snapshot.state == State::disk_snapshot ? VIR_DOMAIN_SNAPSHOT_LIST_DISK_ONLY
                                                                         : VIR_DOMAIN_SNAPSHOT_LIST_ACTIVE;
    if ((flags & states) != 0 && (flags & state) == 0) return false;
    return passes(flags, VIR_DOMAIN_SNAPSHOT_LIST_EXTERNAL, VIR_DOMAIN_SNAPSHOT_LIST_INTERNAL, snapshot.is_external());
}

bool passes_filters(const model::CheckpointDef&, bool is_parent, std::uint32_t flags) {
    if ((flags & VIR_DOMAIN_CHECKPOINT_LIST_LEAVES) != 0 && is_parent) return false;
    return (flags & VIR_DOMAIN_CHECKPOINT_LIST_NO_LEAVES) == 0 || is_parent;
}

SnapshotPtr find_snapshot(const Moments<model::SnapshotDef>& tree, const std::string& name) {
    if (auto found = tree.find(name)) return found;
    throw Error(ErrorCode::no_domain_snapshot, fmt::format("no domain snapshot with matching name '{}'", name));
}
CheckpointPtr find_checkpoint(const Moments<model::CheckpointDef>& tree, const std::string& name) {
    if (auto found = tree.find(name)) return found;
    throw Error(ErrorCode::no_domain_checkpoint, fmt::format("no domain checkpoint with matching name '{}'", name));
}

wire::DomainSnapshot wire_snapshot(const Guest& guest, const model::SnapshotDef& snapshot) {
    return {snapshot.name, wire_domain(guest)};
}
wire::DomainCheckpoint wire_checkpoint(const Guest& guest, const model::CheckpointDef& checkpoint) {
    return {checkpoint.name, wire_domain(guest)};
}

void refuse_both(std::uint32_t flags, Flag one, Flag other, ErrorDomain domain) {
    if ((flags & one.bit) == 0 || (flags & other.bit) == 0) return;
    throw Error::invalid_argument(domain, "", "flags",
                                  fmt::format("Flags '{}' and '{}' are mutually exclusive", one.name, other.name));
}
void refuse_alone(std::uint32_t flags, Flag one, Flag needed, ErrorDomain domain) {
    if ((flags & one.bit) == 0 || (flags & needed.bit) != 0) return;
    throw Error::invalid_argument(domain, "", "flags",
                                  fmt::format("Flag '{}' is required by flag '{}'", needed.name, one.name));
}

}  // namespace innkeeper::guests
