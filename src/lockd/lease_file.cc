#include "lockd/lease_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/error.h"
#include "base/files.h"

namespace innkeeper::lockd {

namespace {

constexpr auto domain = ErrorDomain::lockspace;

Fd open_file(const std::string& path, Manner manner) {
    // Non-blocking: what is no file or disk, such as a FIFO, must not be waited for.
    constexpr int flags = O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
    const int make = manner.autocreate ? O_CREAT : 0;
    Fd file(::open(path.c_str(), O_RDWR | flags | make, 0600));
    // A lock that is shared needs no more than what can be read.
    if (!file && manner.shared && (errno == EACCES || errno == EROFS))
        file = Fd(::open(path.c_str(), O_RDONLY | flags));
    if (!file)
        throw Error::system(
            errno, fmt::format("Unable to open{} resource {}", manner.autocreate ? "/create" : "", path), domain);
    return file;
}

/// Whether the path still leads to what is open.
bool is_there(const Fd& file, const std::string& path) {
    struct stat open{}, named{};
    return ::fstat(file.get(), &open) == 0 && ::stat(path.c_str(), &named) == 0 && open.st_dev == named.st_dev &&
           open.st_ino == named.st_ino;
}

}  // namespace

Fd lock_file(const std::string& path, const std::string& name, Manner manner) {
    for (int attempt = 0; attempt < 100; ++attempt) {
        Fd file = open_file(path, manner);
        struct flock lock{};
        lock.l_type = manner.shared ? F_RDLCK : F_WRLCK;
        lock.l_whence = SEEK_SET;
        lock.l_len = 1;
        if (::fcntl(file.get(), F_OFD_SETLK, &lock) != 0) {
            if (errno == EACCES || errno == EAGAIN)
                throw Error(ErrorCode::resource_busy, domain, fmt::format("Lockspace resource '{}' is locked", name));
            throw Error::system(errno, fmt::format("Unable to acquire lock on '{}'", path), domain);
        }
        // Whoever had it before may have removed the file between our two steps.
        if (!manner.autocreate || is_there(file, path)) return file;
    }
    throw Error(ErrorCode::operation_failed, domain, fmt::format("'{}' is made and removed all the time", path));
}

void unlock_file(Fd file, const std::string& path, Manner manner) {
    if (manner.autocreate && is_there(file, path)) ::unlink(path.c_str());
    file.reset();
}

void make_lockspace(const std::string& folder) {
    try {
        make_directories(parent_of(folder), 0700);
    } catch (Error& error) {
        error.set_domain_if_none(domain);
        throw;
    }
    if (::mkdir(folder.c_str(), 0700) == 0) return;
    struct stat status{};
    if (errno == EEXIST && ::stat(folder.c_str(), &status) == 0 && S_ISDIR(status.st_mode)) return;
    throw Error::system(errno, fmt::format("Unable to create lockspace {}", folder), domain);
}

void create_file(const std::string& path, const std::string& name) {
    const Fd file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0600));
    if (!file) throw Error::system(errno, fmt::format("Unable to create resource {}", name), domain);
}

void delete_file(const std::string& path, const std::string& name) {
    if (::unlink(path.c_str()) != 0 && errno != ENOENT)
        throw Error::system(errno, fmt::format("Unable to delete lockspace resource {}", name), domain);
}

}  // namespace innkeeper::lockd
