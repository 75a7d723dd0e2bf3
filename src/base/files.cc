#include "base/files.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <memory>

#include "base/error.h"
#include "base/sync.h"
#include "base/undo.h"

namespace innkeeper {

namespace {

[[noreturn]] void fail(std::string_view what, std::string_view path) {
    throw Error::system(errno, fmt::format("{} '{}'", what, path));
}

void write_all(int fd, std::string_view content, const std::string& path) {
    while (!content.empty()) {
        const ssize_t n = ::write(fd, content.data(), content.size());
        if (n < 0) {
            if (errno == EINTR) continue;
            fail("cannot write file", path);
        }
        content.remove_prefix(static_cast<std::size_t>(n));
    }
}

}  // namespace

void replace_file(const std::string& path, std::string_view content, mode_t mode, Sync sync) {
    const std::string draft = path + ".new";
    Fd fd(::open(draft.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode));
    if (!fd) fail("cannot create file", draft);
    Undo undo;
    undo.push([&draft] { ::unlink(draft.c_str()); });
    if (::fchmod(fd.get(), mode) < 0) fail("cannot set mode of file", draft);
    write_all(fd.get(), content, draft);
    if (sync != Sync::none && ::fsync(fd.get()) < 0) fail("cannot sync file", draft);
    if (::rename(draft.c_str(), path.c_str()) < 0) fail("cannot rename to file", path);
    undo.commit();
    if (sync == Sync::all) sync_directory(parent_of(path));
}

std::optional<std::string> read_file(const std::string& path, std::size_t most) {
    const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!fd) {
        if (errno == ENOENT) return std::nullopt;
        fail("cannot open file", path);
    }
    struct stat status{};
    if (::fstat(fd.get(), &status) < 0) fail("cannot stat file", path);
    std::string content;
    // The size is a hint: files of /proc and /sys say 0.
    std::size_t room = std::min(most, static_cast<std::size_t>(status.st_size)) + 1;
    for (std::size_t have = 0;;) {
        content.resize(have + room);
        const ssize_t n = ::read(fd.get(), content.data() + have, room);
        if (n < 0) {
            if (errno == EINTR) continue;
            fail("cannot read file", path);
        }
        have += static_cast<std::size_t>(n);
        content.resize(have);
        if (n == 0) return content;
        if (have > most)
            throw Error(ErrorCode::operation_failed, fmt::format("file '{}' is larger than {} bytes", path, most));
        room = 4096;
    }
}

void write_file(const std::string& path, std::string_view content, mode_t mode) {
    replace_file(path, content, mode, Sync::all);
}

void write_volatile_file(const std::string& path, std::string_view content, mode_t mode) {
    replace_file(path, content, mode, Sync::none);
}

bool remove_file(const std::string& path) { return remove_file(path, Sync::all); }

bool remove_file(const std::string& path, Sync sync) {
    if (::unlink(path.c_str()) < 0) {
        if (errno == ENOENT) return false;
        fail("cannot remove file", path);
    }
    if (sync == Sync::all) sync_directory(parent_of(path));
    return true;
}

void make_directories(const std::string& path, mode_t mode) {
    if (::mkdir(path.c_str(), mode) == 0 || errno == EEXIST) return;
    if (errno != ENOENT || path.find('/') == std::string::npos) fail("cannot create directory", path);
    make_directories(parent_of(path), 0755);
    if (::mkdir(path.c_str(), mode) < 0 && errno != EEXIST) fail("cannot create directory", path);
}

std::vector<std::string> list_directory(const std::string& path) {
    std::vector<std::string> names;
    const std::unique_ptr<DIR, int (*)(DIR*)> dir(::opendir(path.c_str()), ::closedir);
    if (!dir) {
        if (errno == ENOENT) return names;
        fail("cannot open directory", path);
    }
    while (const dirent* entry = ::readdir(dir.get())) {
        const std::string_view name = entry->d_name;
        if (name != "." && name != "..") names.emplace_back(name);
    }
    std::ranges::sort(names);
    return names;
}

void make_link(const std::string& target, const std::string& path) {
    const std::string draft = path + ".new";
    ::unlink(draft.c_str());
    if (::symlink(target.c_str(), draft.c_str()) < 0) fail("cannot create link", draft);
    if (::rename(draft.c_str(), path.c_str()) < 0) {
        const int saved = errno;
        ::unlink(draft.c_str());
        errno = saved;
        fail("cannot rename to link", path);
    }
    sync_directory(parent_of(path));
}

bool path_exists(const std::string& path) {
    struct stat status{};
    return ::lstat(path.c_str(), &status) == 0;
}

void sync_directory(const std::string& path) {
    const Fd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!fd) fail("cannot open directory", path);
    if (::fsync(fd.get()) < 0 && errno != EINVAL) fail("cannot sync directory", path);
}

std::string parent_of(std::string_view path) {
    const auto slash = path.rfind('/');
    if (slash == std::string_view::npos) return ".";
    return std::string(slash == 0 ? "/" : path.substr(0, slash));
}

std::optional<PidFile> PidFile::acquire(const std::string& path, pid_t pid) {
    for (;;) {
        Fd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644));
        if (!fd) fail("Failed to open pid file", path);
        struct flock lock{};
        lock.l_type = F_WRLCK;
        lock.l_whence = SEEK_SET;
        lock.l_len = 1;
        if (::fcntl(fd.get(), F_SETLK, &lock) < 0) {
            if (errno == EAGAIN || errno == EACCES) return std::nullopt;
            fail("cannot lock pid file", path);
        }
        // Between open and lock the last owner may have removed the file: then this lock guards nothing.
        struct stat ours{}, named{};
        if (::fstat(fd.get(), &ours) < 0) fail("cannot stat pid file", path);
        if (::stat(path.c_str(), &named) < 0 || named.st_ino != ours.st_ino || named.st_dev != ours.st_dev) continue;
        const std::string text = std::to_string(pid);
        if (::ftruncate(fd.get(), 0) < 0) fail("cannot write pid file", path);
        write_all(fd.get(), text, path);
        return PidFile(path, std::move(fd));
    }
}

PidFile::~PidFile() {
    if (fd_) ::unlink(path_.c_str());
}

}  // namespace innkeeper
