#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "model/storage/encryption.h"
#include "model/storage/permissions.h"
#include "model/storage/pool_types.h"
#include "xml/description.h"

/// A volume of a storage pool as documents describe it.
namespace innkeeper::model {

/// An instant of a file's life, to the nanosecond: "1341933637.273190990".
struct FileTime {
    std::int64_t seconds = 0;
    std::int64_t nanoseconds = 0;
    static std::optional<FileTime> parse(std::string_view text);
    std::string text() const;
    bool operator==(const FileTime&) const = default;
};

struct Timestamps {
    FileTime accessed, modified, changed, born;
    bool operator==(const Timestamps&) const = default;
};

/// What lies under a copy-on-write image.
struct VolumeBacking {
    std::string path;
    std::string format;
    std::optional<Permissions> permissions;
    std::optional<Timestamps> timestamps;
    bool operator==(const VolumeBacking&) const = default;
};

/// Abilities of a qcow2 image that older programs cannot cope with.
struct ImageFeatures {
    bool lazy_refcounts = false, extended_l2 = false;
    bool operator==(const ImageFeatures&) const = default;
};

struct Volume {
    enum class Type { file, block, dir, network, netdir, ploop };
    Type type = Type::file;
    std::string name, key;
    std::optional<std::uint64_t> capacity;
    std::optional<std::uint64_t> allocation;
    std::optional<std::uint64_t> physical;
    std::string path;
    std::string format;
    std::optional<Permissions> permissions;
    std::optional<Timestamps> timestamps;
    std::optional<VolumeEncryption> encryption;
    std::string compat;  ///< of a qcow2 image: "1.1"
    std::optional<std::uint64_t> cluster_size;
    bool no_copy_on_write = false;
    std::optional<ImageFeatures> features;
    std::optional<VolumeBacking> backing;

    std::uint64_t capacity_or_zero() const { return capacity.value_or(0); }
    bool operator==(const Volume&) const = default;
};
constexpr auto names_of(Volume::Type) { return xml::names("file", "block", "dir", "network", "netdir", "ploop"); }

extern const xml::Element<Volume> volume;

/// The RelaxNG grammar of `<volume>`, made from its declarations.
std::string volume_grammar();
/// What the VALIDATE flags ask for, before a definition is read: whether the document follows the installed schema (or
/// that grammar). Throws the peer's sentences; for the pool.
void validate_volume(std::string_view text);

/// True if images can be of that format, as `<format type=…>` names it.
bool is_volume_format(std::string_view format);
/// Gives a volume the format that those of such pools have where it names none, and refuses one that they cannot have.
void fit_volume(Volume& read, Pool::Type type);

}  // namespace innkeeper::model
