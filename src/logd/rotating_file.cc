#include "logd/rotating_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <vector>

#include "base/error.h"

namespace innkeeper::logd {

namespace {

/// A line that would be cut within so many bytes of its beginning goes to the next file as a whole.
constexpr std::size_t line_search = 80;

std::string backup(const std::string& path, unsigned number) { return fmt::format("{}.{}", path, number); }

void rename_or_throw(const std::string& from, const std::string& to) {
    if (::rename(from.c_str(), to.c_str()) != 0 && errno != ENOENT)
        throw Error::system(errno, fmt::format("Unable to rename {} to {}", from, to));
}

struct stat status_of(const Fd& fd, const std::string& path) {
    struct stat status{};
    if (::fstat(fd.get(), &status) != 0)
        throw Error::system(errno, fmt::format("Unable to determine current file inode: {}", path));
    return status;
}

void write_all(int fd, const std::string& path, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t size = ::write(fd, bytes.data(), bytes.size());
        if (size < 0 && errno == EINTR) continue;
        if (size < 0) throw Error::system(errno, fmt::format("Unable to write to file {}", path));
        bytes.remove_prefix(static_cast<std::size_t>(size));
    }
}

/// How much of `bytes` the rest of a file takes.
std::size_t fitting(std::string_view bytes, std::uint64_t room) {
    if (bytes.size() <= room) return bytes.size();
    const auto part = bytes.substr(0, static_cast<std::size_t>(room));
    const auto newline = part.rfind('\n');
    const bool is_near = newline != std::string_view::npos && part.size() - newline <= line_search;
    return is_near ? newline + 1 : part.size();
}

}  // namespace

RotatingFile::RotatingFile(std::string path, Rotation rotation, Begin begin)
    : path_(std::move(path)), rotation_(rotation) {
    open(begin == Begin::empty ? O_TRUNC : 0);
}

void RotatingFile::open(int more_flags) {
    // Non-blocking, so that opening a FIFO that nobody reads is an error rather than a wait.
    constexpr int flags = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK;
    fd_ = Fd(::open(path_.c_str(), flags | more_flags, 0600));
    if (!fd_) throw Error::system(errno, fmt::format("Unable to open file: {}", path_));
    is_regular_ = S_ISREG(status_of(fd_, path_).st_mode);
}

Position RotatingFile::position() const {
    const auto status = status_of(fd_, path_);
    return {status.st_ino, static_cast<std::uint64_t>(status.st_size)};
}

void RotatingFile::append(std::string_view bytes) {
    while (!bytes.empty()) {
        if (!is_regular_ || rotation_.max_size == 0) return write_all(fd_.get(), path_, bytes);
        const auto size = position().offset;
        const auto room = rotation_.max_size - std::min(size, rotation_.max_size);
        const auto part = fitting(bytes, room);
        write_all(fd_.get(), path_, bytes.substr(0, part));
        bytes.remove_prefix(part);
        if (!bytes.empty()) rotate();
    }
}

void RotatingFile::rotate() {
    const unsigned most = rotation_.max_backups;
    if (most == 0) {
        if (::unlink(path_.c_str()) != 0 && errno != ENOENT)
            throw Error::system(errno, fmt::format("Unable to delete file {}", path_));
    } else {
        for (unsigned i = most - 1; i > 0; --i) rename_or_throw(backup(path_, i - 1), backup(path_, i));
        rename_or_throw(path_, backup(path_, 0));
    }
    open(0);
}

std::string read_log(const std::string& path, unsigned max_backups, Position from, std::size_t most) {
    // Newest first, up to the one that is meant. One that moves on meanwhile is found under its next name, or, as
    // the files are open then, twice: the inode says so.
    std::vector<Fd> files;
    std::vector<ino_t> seen;
    bool found = false;
    for (unsigned i = 0; i <= max_backups && !found; ++i) {
        const std::string name = i == 0 ? path : backup(path, i - 1);
        Fd fd(::open(name.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK));
        if (!fd) {
            if (errno == ENOENT) continue;
            throw Error::system(errno, fmt::format("Unable to open file: {}", name));
        }
        const auto status = status_of(fd, name);
        if (!S_ISREG(status.st_mode) || std::ranges::find(seen, status.st_ino) != seen.end()) continue;
        seen.push_back(status.st_ino);
        files.push_back(std::move(fd));
        found = status.st_ino == from.inode;
    }
    if (!found)
        throw Error::system(EBADF, fmt::format("Unable to seek to inode {} offset {}", from.inode, from.offset));

    std::string text;
    auto offset = static_cast<off_t>(std::min<std::uint64_t>(from.offset, INT64_MAX));
    for (auto file = files.rbegin(); file != files.rend() && text.size() < most; ++file, offset = 0) {
        for (;;) {
            const auto before = text.size();
            constexpr std::size_t piece = 256U << 10;
            text.resize(std::min(most, before + piece));
            const ssize_t size = ::pread(file->get(), text.data() + before, text.size() - before, offset);
            text.resize(before + static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
            if (size < 0 && errno == EINTR) continue;
            if (size < 0) throw Error::system(errno, fmt::format("Unable to read from file '{}'", path));
            if (size == 0) break;
            offset += size;
        }
    }
    return text;
}

}  // namespace innkeeper::logd
