#include "base/cached_file.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/fd.h"

namespace innkeeper {

std::optional<std::string> read_cached_file(const std::string& path, std::size_t most) {
    open_how how{};
    how.flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK;
    how.resolve = RESOLVE_CACHED;
    const Fd fd(static_cast<int>(::syscall(SYS_openat2, AT_FDCWD, path.c_str(), &how, sizeof how)));
    struct stat status{};
    if (!fd || ::fstat(fd.get(), &status) < 0 || !S_ISREG(status.st_mode)) return std::nullopt;
    const auto size = static_cast<std::size_t>(status.st_size);
    if (size == 0 || size > most) return std::nullopt;
    std::optional<std::string> content(std::in_place);
    content->resize_and_overwrite(size, [&](char* into, std::size_t room) {
        const iovec part{into, room};
        const ssize_t n = ::preadv2(fd.get(), &part, 1, 0, RWF_NOWAIT);
        return n < 0 ? 0 : static_cast<std::size_t>(n);
    });
    if (content->size() != size) content.reset();
    return content;
}

}  // namespace innkeeper
