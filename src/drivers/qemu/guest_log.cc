#include "drivers/qemu/guest_log.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/error.h"

namespace innkeeper::qemu {

namespace {

/// What of a process's words goes into an error: its end is where the reason stands.
constexpr off_t most_words = 1024;

off_t size_of(int fd) {
    struct stat status{};
    return ::fstat(fd, &status) == 0 ? status.st_size : 0;
}

std::string now() {
    timespec time{};
    ::clock_gettime(CLOCK_REALTIME, &time);
    tm parts{};
    ::gmtime_r(&time.tv_sec, &parts);
    char text[32];
    ::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &parts);
    return fmt::format("{}.{:03}+0000", text, time.tv_nsec / 1000000);
}

}  // namespace

GuestLog::GuestLog(std::string path)
    : fd_(::open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600)) {
    if (!fd_) throw Error::system(errno, fmt::format("failed to create logfile {}", path));
    mark();
}

void GuestLog::append(std::string_view text) {
    // A full disk must not stop a guest.
    [[maybe_unused]] const ssize_t n = ::write(fd_.get(), text.data(), text.size());
}

void GuestLog::note(std::string_view text) { append(fmt::format("{}: {}\n", now(), text)); }

void GuestLog::mark() { mark_ = size_of(fd_.get()); }

std::string GuestLog::words() const {
    const off_t end = size_of(fd_.get());
    const off_t start = std::max(mark_, end - most_words);
    std::string text(static_cast<std::size_t>(std::max<off_t>(end - start, 0)), '\0');
    const ssize_t n = ::pread(fd_.get(), text.data(), text.size(), start);
    text.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
    while (!text.empty() && text.back() == '\n') text.pop_back();
    return text;
}

}  // namespace innkeeper::qemu
