#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "xml/description.h"
#include "xml/names.h"

namespace innkeeper::model {

struct DomainDef;

/// Whether a checkpoint notes what is written to a disk from now on, and under which name in its image.
struct CheckpointDisk {
    enum class Mode { no, bitmap };
    std::string name;
    std::optional<Mode> mode;
    std::string bitmap;
    std::optional<std::uint64_t> size;  ///< what was written since, in bytes; told to who asks for it
    bool operator==(const CheckpointDisk&) const = default;
};
constexpr auto names_of(CheckpointDisk::Mode) { return xml::names("no", "bitmap"); }

/// A point in time from which on the changes of a guest's disks are known, so that a backup need copy no more than
/// these. An immutable value once it has been made.
struct CheckpointDef {
    std::string name, description, parent;
    std::optional<std::int64_t> creation_time;
    std::vector<CheckpointDisk> disks;
    std::shared_ptr<const DomainDef> domain;
    /// A client that asks for a checkpoint says only a part of it; the rest is not looked at.
    bool is_whole = true;

    bool operator==(const CheckpointDef&) const;
};

/// Reads what a client asks for, or with `whole` all of it. Whether it follows the schema was looked at before. Throws
/// Error in the peer's words.
enum class CheckpointPart { request, whole };
CheckpointDef parse_checkpoint(std::string_view text, CheckpointPart part);

/// The document. Without `domain` it stays short.
struct CheckpointFace {
    bool secure = false;
    bool domain = true;
};
std::string format_checkpoint(const CheckpointDef& checkpoint, CheckpointFace face = {});

/// Matches the disks with those of the guest: each gets an entry, in the guest's order. Where no disk is named all are
/// meant that the guest writes, otherwise only those. Throws Error in the peer's words.
void match_disks(CheckpointDef& checkpoint);

extern const xml::Element<CheckpointDef> checkpoint_element;

}  // namespace innkeeper::model
