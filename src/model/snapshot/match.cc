#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>

#include "base/error.h"
#include "model/domain/domain.h"
#include "model/snapshot/snapshot.h"

/// Which disk of the guest each of a snapshot's is, and where its new image goes.
namespace innkeeper::model {

namespace {

using Mode = Disk::Snapshot;

[[noreturn]] void unsupported(std::string sentence) {
    throw Error(ErrorCode::config_unsupported, ErrorDomain::domain_snapshot, std::move(sentence));
}

bool is_regular_file(const std::string& path) {
    struct stat about;
    return ::stat(path.c_str(), &about) == 0 && S_ISREG(about.st_mode);
}

const Disk* find_disk(const DomainDef& domain, const std::string& name) {
    for (const Disk& disk : domain.devices.disks)
        if (disk.target == name) return &disk;
    for (const Disk& disk : domain.devices.disks)
        if (name.starts_with('/') && disk.source.path == name) return &disk;
    return nullptr;
}

/// What the guest's own definition says of the disk; an empty drive or one that nobody writes has nothing to keep.
Mode usual_mode(const Disk& disk, Mode otherwise) {
    if (disk.snapshot) return *disk.snapshot;
    return disk.source.is_empty() || disk.readonly ? Mode::no : otherwise;
}

void settle_mode(SnapshotDisk& entry, const Disk& disk, SnapshotRule rule) {
    if (entry.mode && rule.uniform && entry.mode != rule.mode)
        unsupported(fmt::format("disk '{}' must use snapshot mode '{}'", disk.target, xml::name(rule.mode)));
    if (!entry.mode) entry.mode = disk.snapshot.value_or(rule.mode);
    if (!entry.source.path.empty() && entry.mode != Mode::external)
        unsupported(fmt::format("file '{}' for disk '{}' requires use of external snapshot mode", entry.source.path,
                                disk.target));
}

/// The image's own name with the snapshot's in place of what stands behind its last dot.
void name_image(SnapshotDisk& entry, const Disk& disk, const std::string& snapshot) {
    if (!entry.source.is_empty()) return;
    if (entry.source.type != StorageSource::Type::file)
        unsupported(fmt::format("cannot generate external snapshot name for disk '{}' on a '{}' device", entry.name,
                                xml::name(entry.source.type)));
    const std::string& below = disk.source.type == StorageSource::Type::network ? disk.source.name : disk.source.path;
    if (below.empty())
        unsupported(fmt::format("cannot generate external snapshot name for disk '{}' without source", entry.name));
    if (!is_regular_file(below))
        unsupported(fmt::format(
            "source for disk '{}' is not a regular file; refusing to generate external snapshot name", entry.name));
    const auto dot = below.rfind('.');
    const auto slash = below.rfind('/');
    const bool has_ending = dot != std::string::npos && (slash == std::string::npos || dot > slash);
    entry.source.path = fmt::format("{}.{}", has_ending ? below.substr(0, dot) : below, snapshot);
}

}  // namespace

void match_disks(SnapshotDef& snapshot, SnapshotRule rule) {
    if (!snapshot.domain) return;
    const DomainDef& domain = *snapshot.domain;
    std::vector<SnapshotDisk> matched(domain.devices.disks.size());
    std::vector<bool> is_named(matched.size());
    for (auto& entry : snapshot.disks) {
        const Disk* disk = find_disk(domain, entry.name);
        if (disk == nullptr) unsupported(fmt::format("no disk named '{}'", entry.name));
        const auto place = static_cast<std::size_t>(disk - domain.devices.disks.data());
        if (is_named[place]) unsupported(fmt::format("disk '{}' specified twice", disk->target));
        is_named[place] = true;
        settle_mode(entry, *disk, rule);
        matched[place] = std::move(entry);
    }
    for (std::size_t i = 0; i < matched.size(); ++i) {
        const Disk& disk = domain.devices.disks[i];
        matched[i].name = disk.target;
        if (!is_named[i]) matched[i].mode = usual_mode(disk, rule.mode);
    }
    for (std::size_t i = 0; i < matched.size(); ++i)
        if (matched[i].mode == Mode::external) name_image(matched[i], domain.devices.disks[i], snapshot.name);
    snapshot.disks = std::move(matched);
}

}  // namespace innkeeper::model
