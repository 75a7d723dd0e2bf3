#include "drivers/storage/folder.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <vector>

#include "base/error.h"
#include "base/files.h"
#include "base/undo.h"
#include "image/header.h"

namespace innkeeper::storage {

namespace {

constexpr unsigned folder_mode = 0711, file_mode = 0600;
constexpr std::size_t most_volumes = 1U << 16;

[[noreturn]] void fail(std::string_view what, const std::string& path) {
    throw Error::system(errno, fmt::format("{} '{}'", what, path));
}

Fd open_folder(const std::string& folder) {
    Fd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!fd) fail("cannot open directory", folder);
    return fd;
}

std::string path_of(const std::string& folder, const std::string& name) { return fmt::format("{}/{}", folder, name); }

void check_name(const std::string& name) {
    if (name.empty() || name == "." || name == ".." || name.contains('/'))
        throw Error(ErrorCode::operation_invalid, fmt::format("volume name '{}' cannot contain '/'", name));
}

model::FileTime time_of(const timespec& time) { return {time.tv_sec, time.tv_nsec}; }

model::Permissions permissions_of(const struct stat& status) {
    return {.mode = model::FileMode{status.st_mode & 0777},
            .owner = model::FileOwner{status.st_uid},
            .group = model::FileOwner{status.st_gid},
            .label = {}};
}

model::Timestamps timestamps_of(const struct stat& status) {
    return {.accessed = time_of(status.st_atim),
            .modified = time_of(status.st_mtim),
            .changed = time_of(status.st_ctim),
            .born = {}};
}

void describe_backing(const image::ImageFacts& facts, const std::string& folder, model::Volume& volume) {
    model::VolumeBacking backing{.path = facts.backing, .format = "raw", .permissions = {}, .timestamps = {}};
    if (model::is_volume_format(facts.backing_format)) backing.format = facts.backing_format;
    const bool has_scheme = facts.backing.find(':') < facts.backing.find('/');
    if (!facts.backing.starts_with('/') && !has_scheme) backing.path = path_of(folder, facts.backing);
    struct stat status {};
    if (!has_scheme && ::stat(backing.path.c_str(), &status) == 0 && S_ISREG(status.st_mode)) {
        backing.permissions = permissions_of(status);
        backing.timestamps = timestamps_of(status);
    }
    volume.backing = std::move(backing);
}

void describe_image(int fd, std::uint64_t size, const std::string& folder, model::Volume& volume) {
    const auto facts = image::read_image_header(fd, size);
    volume.format = facts.format;
    // An image that claims to hold nothing is as large as its file.
    volume.capacity = facts.capacity.value_or(0) != 0 ? *facts.capacity : size;
    volume.compat = facts.compat;
    volume.cluster_size = facts.cluster_size;
    volume.features = facts.features;
    if (facts.is_luks) volume.encryption = model::VolumeEncryption{.format = model::VolumeEncryption::Format::luks};
    if (!facts.backing.empty()) describe_backing(facts, folder, volume);
}

/// A volume, if the file of that name is one: no sockets, pipes or links that lead nowhere.
std::optional<model::Volume> describe(int folder_fd, const std::string& folder, const std::string& name) {
    // What it is is found out before it is opened: opening a pipe or a device may do something.
    struct stat status {};
    if (::fstatat(folder_fd, name.c_str(), &status, 0) < 0) return std::nullopt;
    if (!S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode) && !S_ISBLK(status.st_mode)) return std::nullopt;
    const Fd fd(::openat(folder_fd, name.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
    if (!fd || ::fstat(fd.get(), &status) < 0) return std::nullopt;

    model::Volume volume;
    volume.name = name;
    volume.key = volume.path = path_of(folder, name);
    volume.permissions = permissions_of(status);
    volume.timestamps = timestamps_of(status);
    volume.capacity = volume.allocation = 0;
    if (S_ISDIR(status.st_mode)) {
        volume.type = model::Volume::Type::dir;
        volume.format = "dir";
        return volume;
    }
    auto size = static_cast<std::uint64_t>(status.st_size);
    if (S_ISBLK(status.st_mode)) {
        volume.type = model::Volume::Type::block;
        const off_t end = ::lseek(fd.get(), 0, SEEK_END);
        size = end > 0 ? static_cast<std::uint64_t>(end) : 0;
        volume.allocation = size;
    } else if (S_ISREG(status.st_mode)) {
        volume.allocation = static_cast<std::uint64_t>(status.st_blocks) * 512;
    } else {
        return std::nullopt;
    }
    if (size != 0) volume.physical = size;
    describe_image(fd.get(), size, folder, volume);
    return volume;
}

/// Who it belongs to, where it was asked for; only the superuser can give files away.
void give(int fd, const model::Permissions& permissions, unsigned mode, const std::string& path) {
    const uid_t owner = permissions.owner ? permissions.owner->id : static_cast<uid_t>(-1);
    const gid_t group = permissions.group ? permissions.group->id : static_cast<gid_t>(-1);
    if ((permissions.owner || permissions.group) && ::geteuid() == 0 && ::fchown(fd, owner, group) < 0)
        fail("cannot chown", path);
    if (::fchmod(fd, mode) < 0) fail("cannot set mode of", path);
}

unsigned mode_or(const model::Permissions& permissions, unsigned otherwise) {
    return permissions.mode ? permissions.mode->bits : otherwise;
}

Fd create_exclusively(int folder_fd, const std::string& folder, const std::string& name) {
    check_name(name);
    Fd fd(::openat(folder_fd, name.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, file_mode));
    if (fd) return fd;
    if (errno != EEXIST) fail("cannot create path", path_of(folder, name));
    throw Error(ErrorCode::operation_invalid,
                fmt::format("volume target path '{}' already exists", path_of(folder, name)));
}

/// Room on the disk. A file system that cannot promise any leaves the file with holes.
void allocate_room(int fd, std::uint64_t from, std::uint64_t until, const std::string& path) {
    if (until <= from) return;
    if (::fallocate(fd, 0, static_cast<off_t>(from), static_cast<off_t>(until - from)) < 0 && errno != EOPNOTSUPP)
        fail(fmt::format("cannot allocate {} bytes in file", until), path);
}

}  // namespace

FolderFacts folder_facts(const std::string& folder) {
    const Fd fd = open_folder(folder);
    struct stat status {};
    struct statvfs system {};
    if (::fstat(fd.get(), &status) < 0 || ::fstatvfs(fd.get(), &system) < 0) fail("cannot stat directory", folder);
    return {.capacity = std::uint64_t{system.f_blocks} * system.f_frsize,
            .available = std::uint64_t{system.f_bfree} * system.f_frsize,
            .permissions = permissions_of(status)};
}

Scanned scan_folder(const std::string& folder) {
    Scanned scanned{.folder = folder_facts(folder), .volumes = {}};
    const Fd fd = open_folder(folder);
    for (const auto& name : list_directory(folder)) {
        if (scanned.volumes.size() == most_volumes) break;
        if (name.contains('\n')) continue;
        if (auto volume = describe(fd.get(), folder, name)) scanned.volumes.emplace(name, std::move(*volume));
    }
    return scanned;
}

model::Volume scan_volume(const std::string& folder, const std::string& name) {
    check_name(name);
    const Fd fd = open_folder(folder);
    if (auto volume = describe(fd.get(), folder, name)) return std::move(*volume);
    throw Error(ErrorCode::no_storage_vol,
                fmt::format("no storage vol with matching path '{}'", path_of(folder, name)));
}

void build_folder(const std::string& folder, const model::Permissions& permissions) {
    struct stat status {};
    const bool is_new = ::stat(folder.c_str(), &status) < 0;
    if (is_new) make_directories(folder, mode_or(permissions, folder_mode));
    if (!is_new && !permissions.mode && !permissions.owner && !permissions.group) return;
    const Fd fd = open_folder(folder);
    give(fd.get(), permissions, mode_or(permissions, is_new ? folder_mode : status.st_mode & 0777), folder);
}

void delete_folder(const std::string& folder) {
    if (::rmdir(folder.c_str()) < 0) fail("failed to remove pool", folder);
}

void create_raw(const std::string& folder, const model::Volume& volume) {
    const std::string path = path_of(folder, volume.name);
    const Fd folder_fd = open_folder(folder);
    const Fd fd = create_exclusively(folder_fd.get(), folder, volume.name);
    Undo undo;
    undo.push([&] { ::unlinkat(folder_fd.get(), volume.name.c_str(), 0); });
    const auto capacity = volume.capacity_or_zero(), allocation = volume.allocation.value_or(capacity);
    if (::ftruncate(fd.get(), static_cast<off_t>(capacity)) < 0) fail("cannot extend file", path);
    allocate_room(fd.get(), 0, allocation, path);
    const auto permissions = volume.permissions.value_or(model::Permissions{});
    give(fd.get(), permissions, mode_or(permissions, file_mode), path);
    if (::fsync(fd.get()) < 0) fail("cannot sync data to file", path);
    undo.commit();
}

void reserve_file(const std::string& folder, const std::string& name) {
    const Fd folder_fd = open_folder(folder);
    create_exclusively(folder_fd.get(), folder, name);
}

void create_subfolder(const std::string& folder, const model::Volume& volume) {
    check_name(volume.name);
    const std::string path = path_of(folder, volume.name);
    const Fd folder_fd = open_folder(folder);
    const auto permissions = volume.permissions.value_or(model::Permissions{});
    if (::mkdirat(folder_fd.get(), volume.name.c_str(), 0700) < 0) {
        if (errno == EEXIST)
            throw Error(ErrorCode::operation_invalid, fmt::format("volume target path '{}' already exists", path));
        fail("cannot create directory", path);
    }
    const Fd fd(::openat(folder_fd.get(), volume.name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!fd) fail("cannot open directory", path);
    give(fd.get(), permissions, mode_or(permissions, file_mode), path);
}

void own_file(const std::string& folder, const model::Volume& volume) {
    const Fd fd = open_volume(folder, volume.name, Access::write);
    const auto permissions = volume.permissions.value_or(model::Permissions{});
    give(fd.get(), permissions, mode_or(permissions, file_mode), path_of(folder, volume.name));
}

void delete_file(const std::string& folder, const std::string& name) {
    check_name(name);
    const Fd fd = open_folder(folder);
    struct stat status {};
    // A volume that somebody removed already is removed.
    if (::fstatat(fd.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) < 0) {
        if (errno == ENOENT) return;
        fail("cannot stat", path_of(folder, name));
    }
    if (S_ISDIR(status.st_mode)) {
        if (::unlinkat(fd.get(), name.c_str(), AT_REMOVEDIR) < 0)
            fail("cannot remove directory", path_of(folder, name));
    } else if (::unlinkat(fd.get(), name.c_str(), 0) < 0) {
        fail("cannot unlink file", path_of(folder, name));
    }
}

void resize_raw(const std::string& folder, const std::string& name, std::uint64_t capacity, bool allocate) {
    const Fd fd = open_volume(folder, name, Access::write);
    struct stat status {};
    if (::fstat(fd.get(), &status) < 0) fail("cannot stat", path_of(folder, name));
    if (allocate) allocate_room(fd.get(), static_cast<std::uint64_t>(status.st_size), capacity, path_of(folder, name));
    if (::ftruncate(fd.get(), static_cast<off_t>(capacity)) < 0) fail("Failed to truncate file", path_of(folder, name));
}

void wipe_file(const std::string& folder, const std::string& name) {
    const Fd fd = open_volume(folder, name, Access::write);
    const std::string path = path_of(folder, name);
    struct stat status {};
    if (::fstat(fd.get(), &status) < 0) fail("cannot stat", path);
    off_t size = status.st_size;
    if (S_ISBLK(status.st_mode)) size = ::lseek(fd.get(), 0, SEEK_END);
    // A file with holes holds nothing there: it is emptied and stretched again.
    if (S_ISREG(status.st_mode) && status.st_blocks < (status.st_size + 511) / 512) {
        if (::ftruncate(fd.get(), 0) < 0 || ::ftruncate(fd.get(), size) < 0)
            fail("Failed to truncate volume with path", path);
        return;
    }
    const std::vector<char> zeros(1U << 20);
    for (off_t at = 0; at < size;) {
        const auto want = static_cast<std::size_t>(std::min<off_t>(size - at, static_cast<off_t>(zeros.size())));
        const ssize_t n = ::pwrite(fd.get(), zeros.data(), want, at);
        if (n < 0 && errno != EINTR) fail("Failed to write to storage volume with path", path);
        if (n > 0) at += n;
    }
    if (::fdatasync(fd.get()) < 0) fail("cannot sync data to volume with path", path);
}

Fd open_volume(const std::string& folder, const std::string& name, Access access) {
    check_name(name);
    const Fd folder_fd = open_folder(folder);
    const int flags = (access == Access::write ? O_RDWR : O_RDONLY) | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
    Fd fd;
    if (access == Access::read) {
        fd.reset(::openat(folder_fd.get(), name.c_str(), flags));
    } else {
        struct open_how how {};
        how.flags = static_cast<std::uint64_t>(flags);
        how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
        fd.reset(static_cast<int>(::syscall(SYS_openat2, folder_fd.get(), name.c_str(), &how, sizeof how)));
    }
    if (!fd) fail("cannot open volume", path_of(folder, name));
    struct stat status {};
    if (::fstat(fd.get(), &status) < 0) fail("cannot stat", path_of(folder, name));
    if (!S_ISREG(status.st_mode) && !S_ISBLK(status.st_mode))
        throw Error(ErrorCode::operation_invalid, fmt::format("'{}' is no file", path_of(folder, name)));
    return fd;
}

}  // namespace innkeeper::storage
