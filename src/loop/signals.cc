#include "loop/signals.h"

#include <sys/signalfd.h>

#include <cerrno>
#include <csignal>

#include "base/error.h"

namespace innkeeper {

namespace {

Fd make_signalfd(const std::vector<int>& signals) {
    sigset_t set;
    sigemptyset(&set);
    for (const int signal : signals) sigaddset(&set, signal);
    if (::pthread_sigmask(SIG_BLOCK, &set, nullptr) != 0) throw Error::system(errno, "cannot block signals");
    Fd fd(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
    if (!fd) throw Error::system(errno, "cannot make a signalfd");
    return fd;
}

}  // namespace

Signals::Signals(const std::vector<int>& signals) : descriptor_(make_signalfd(signals)) {}

Task<int> Signals::next() {
    signalfd_siginfo info{};
    while (co_await descriptor_.read_some(std::as_writable_bytes(std::span(&info, 1))) != sizeof info) {
    }
    co_return static_cast<int>(info.ssi_signo);
}

}  // namespace innkeeper
