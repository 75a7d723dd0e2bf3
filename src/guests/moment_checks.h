#pragma once

#include <fmt/format.h>

#include "base/error.h"
#include "guests/moments.h"
#include "model/domain/domain.h"
#include "model/snapshot/checkpoint.h"

/// What making snapshots and making checkpoints have in common.
namespace innkeeper::guests {

/// A file is called after it. Throws Error in the peer's words.
void check_moment_name(const std::string& name, std::string_view noun);
[[noreturn]] void already_exists(const std::string& name);

/// What would run again: the definition of a running guest without what belongs to this run of it alone.
DefPtr asleep(const model::DomainDef& live);

/// A definition that a client hands in with one must be the guest's; `noun` is "snapshot".
void check_same_guest(const model::DomainDef& def, const Guest& guest, const std::string& name, std::string_view noun,
                      ErrorDomain domain);
/// What a guest saw then it must see again.
void check_same_machine(const model::DomainDef& before, const model::DomainDef& now);

/// A new checkpoint of a running guest, with all that a client leaves open; its turn is held. Throws Error if it cannot
/// be one of the guest's.
Task<std::shared_ptr<const model::CheckpointDef>> new_checkpoint(Guests& guests, GuestPtr guest,
                                                                 model::CheckpointDef asked);
/// With its disks matched.
std::shared_ptr<const model::CheckpointDef> settled_checkpoint(Guests& guests, model::CheckpointDef checkpoint);

/// The parent that it names is there, and the tree stays one.
template <class Def>
void check_parent(const Moments<Def>& tree, const Def& moment) {
    if (moment.parent.empty()) return;
    const auto refuse = [](std::string sentence) {
        throw Error(ErrorCode::invalid_arg, ErrorDomain::domain, std::move(sentence));
    };
    if (moment.parent == moment.name) refuse(fmt::format("cannot set moment {} as its own parent", moment.name));
    if (!tree.find(moment.parent)) refuse(fmt::format("parent {} for moment {} not found", moment.parent, moment.name));
    if (tree.is_below(moment.name, moment.parent))
        refuse(fmt::format("parent {} would create cycle to {}", moment.parent, moment.name));
}

}  // namespace innkeeper::guests
