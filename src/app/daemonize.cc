#include "app/daemonize.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "base/error.h"

namespace innkeeper::app {

namespace {

const char* reason(unsigned char status) {
    switch (static_cast<StartFailure>(status)) {
        case StartFailure::pid_file:
            return "Unable to obtain pidfile";
        case StartFailure::run_directory:
            return "Unable to create rundir";
        case StartFailure::initialize:
            return "Unable to initialize libvirt";
        case StartFailure::signals:
            return "Unable to setup signal handlers";
        case StartFailure::privileges:
            return "Unable to drop privileges";
        case StartFailure::network:
            return "Unable to initialize network sockets";
        case StartFailure::configuration:
            return "Unable to load configuration file";
        case StartFailure::hooks:
            return "Unable to look for hook scripts";
        case StartFailure::reexec:
            return "Unable to re-execute daemon";
        case StartFailure::audit:
            return "Unable to initialize audit system";
        case StartFailure::driver:
            return "Unable to initialize driver";
        case StartFailure::none:
            break;
    }
    return "Unknown error";
}

[[noreturn]] void wait_for_child(const char* program, Fd pipe) {
    unsigned char status = 0;
    ssize_t size = 0;
    do size = ::read(pipe.get(), &status, 1);
    while (size < 0 && errno == EINTR);
    if (size == 1 && status == 0) ::_exit(0);
    if (size == 1)
        fmt::print(stderr, "{}: error: {}. Check /var/log/messages or run without --daemon for more info.\n", program,
                   reason(status));
    else
        fmt::print(stderr, "{}: error: unable to determine if daemon is running: {}\n", program, std::strerror(errno));
    ::_exit(1);
}

}  // namespace

void StartReport::tell(StartFailure failure) {
    if (!pipe_) return;
    const auto status = static_cast<unsigned char>(failure);
    // A parent that has gone has nobody to tell.
    while (::write(pipe_.get(), &status, 1) < 0 && errno == EINTR) {
    }
    pipe_.reset();
}

StartReport daemonize(const char* program) {
    std::array<int, 2> ends;
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw Error::system(errno, "Failed to fork as daemon");
    Fd from(ends[0]), to(ends[1]);
    const pid_t child = ::fork();
    if (child < 0) throw Error::system(errno, "Failed to fork as daemon");
    if (child > 0) {
        to.reset();
        wait_for_child(program, std::move(from));
    }
    from.reset();
    const Fd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
    if (!null || ::setsid() < 0) ::_exit(1);
    // Once more, so that no terminal can become ours.
    const pid_t grandchild = ::fork();
    if (grandchild != 0) ::_exit(grandchild < 0 ? 1 : 0);
    if (::chdir("/") != 0) ::_exit(1);
    for (int fd = 0; fd <= 2; ++fd)
        if (::dup2(null.get(), fd) < 0) ::_exit(1);
    return StartReport(std::move(to));
}

}  // namespace innkeeper::app
