#include "drivers/qemu/snapshot_files.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>

#include "base/error.h"

namespace innkeeper::qemu {

namespace {

[[noreturn]] void unsupported(std::string sentence) { throw Error(ErrorCode::config_unsupported, std::move(sentence)); }

}  // namespace

void check_new_image(const model::SnapshotDisk& disk, bool reuse) {
    using Type = model::StorageSource::Type;
    const auto& image = disk.source;
    if (image.format != "qcow2" && image.format != "qed")
        unsupported(fmt::format("external snapshot format for disk {} is unsupported: {}", disk.name, image.format));
    if (image.type != Type::file && image.type != Type::block)
        unsupported(fmt::format("external active snapshots are not supported on '{}' disks", xml::name(image.type)));
    if (image.encryption) unsupported(fmt::format("the new image of disk '{}' cannot be encrypted yet", disk.name));
    struct stat about;
    if (::stat(image.path.c_str(), &about) != 0) {
        if (errno != ENOENT || reuse)
            throw Error::system(errno, fmt::format("missing existing file for disk {}: {}", disk.name, image.path));
        return;
    }
    if (image.type == Type::block && !S_ISBLK(about.st_mode))
        unsupported(
            fmt::format("mismatch between configured type for snapshot disk '{}' and the type of existing "
                        "file '{}'",
                        disk.name, image.path));
    if (!reuse && !S_ISBLK(about.st_mode) && about.st_size > 0)
        unsupported(fmt::format("external snapshot file for disk {} already exists and is not a block device: {}",
                                disk.name, image.path));
}

}  // namespace innkeeper::qemu
