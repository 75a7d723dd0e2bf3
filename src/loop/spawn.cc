#include "loop/spawn.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <new>
#include <optional>

#include "base/error.h"

namespace innkeeper {

namespace {

constexpr std::size_t stack_size = 64 * 1024;

/// What children get back, if we have raised ours.
std::optional<rlimit> descriptors_before;

// The thread sanitizer cannot follow a child that borrows our memory; for it the child gets a copy.
#if __has_feature(thread_sanitizer)
constexpr int share_memory = 0;
#else
constexpr int share_memory = CLONE_VM;
#endif

constexpr const char* connect_step = "connect";

/// Where a child that could not be started tells why.
struct Failure {
    const char* step = nullptr;
    int number = 0;
};

/// All that the child needs, laid out before it exists: it shares our memory and may neither allocate nor lock.
struct Plan {
    const Command* command;
    std::vector<char*> argv, environment;
    std::vector<std::pair<int, int>> descriptors;  // source → target; sources are moved out of the way first
    int first_free = 3;                            // above every target
    int null = -1;
    sockaddr_un address{};       // of the connection that it makes
    Failure* failure = nullptr;  // in memory that is ours and the child's
};

int fail(Plan& plan, const char* step) {
    *plan.failure = {.step = step, .number = errno};
    return 127;
}

bool write_pid(int fd) {
    std::array<char, 16> digits;
    auto* at = digits.end();
    for (auto pid = static_cast<unsigned long>(::syscall(SYS_getpid)); pid > 0; pid /= 10)
        *--at = static_cast<char>('0' + pid % 10);
    return ::write(fd, at, static_cast<std::size_t>(digits.end() - at)) == digits.end() - at;
}

bool place_descriptors(Plan& plan) {
    for (auto& [source, target] : plan.descriptors) {
        source = ::fcntl(source, F_DUPFD_CLOEXEC, plan.first_free);
        if (source < 0) return false;
    }
    if (::syscall(SYS_close_range, 3U, ~0U, 4U /* CLOSE_RANGE_CLOEXEC */) != 0) return false;
    return std::ranges::all_of(plan.descriptors, [](const auto& d) { return ::dup2(d.first, d.second) >= 0; });
}

// The raw calls: the library's would tell threads that share our memory to change identity with the child.
bool drop_identity(const Command& command) {
    if (command.gid) {
        if (::syscall(SYS_setgroups, command.groups.size(), command.groups.data()) != 0) return false;
        if (::syscall(SYS_setresgid, *command.gid, *command.gid, *command.gid) != 0) return false;
    }
    return !command.uid || ::syscall(SYS_setresuid, *command.uid, *command.uid, *command.uid) == 0;
}

__attribute__((no_sanitize("address", "thread", "undefined"))) int child_main(void* argument) {
    Plan& plan = *static_cast<Plan*>(argument);
    const Command& command = *plan.command;
    struct sigaction ordinary{};
    ordinary.sa_handler = SIG_DFL;
    for (int signal = 1; signal < 65; ++signal) ::sigaction(signal, &ordinary, nullptr);
    if (command.own_session && ::setsid() < 0) return fail(plan, "setsid");
    if (command.pid_file && !write_pid(*command.pid_file)) return fail(plan, "write pid file");
    if (command.connection && ::connect(command.connection->first, reinterpret_cast<const sockaddr*>(&plan.address),
                                        sizeof plan.address) != 0)
        return fail(plan, connect_step);
    if (!place_descriptors(plan)) return fail(plan, "pass descriptors");
    if (descriptors_before && ::setrlimit(RLIMIT_NOFILE, &*descriptors_before) != 0) return fail(plan, "set limits");
    for (const auto& [resource, value] : command.limits)
        if (::setrlimit(static_cast<__rlimit_resource>(resource), &value) != 0) return fail(plan, "set limits");
    if (::chdir(command.directory.c_str()) != 0) return fail(plan, "change directory");
    if (!drop_identity(command)) return fail(plan, "change user and group");
    sigset_t none;
    sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    ::execve(plan.argv[0], plan.argv.data(), plan.environment.data());
    return fail(plan, "execute");
}

std::vector<char*> pointers(const std::vector<std::string>& words) {
    std::vector<char*> result;
    result.reserve(words.size() + 1);
    for (const auto& word : words) result.push_back(const_cast<char*>(word.c_str()));
    result.push_back(nullptr);
    return result;
}

}  // namespace

std::pair<pid_t, Fd> spawn(const Command& command) {
    Plan plan{.command = &command};
    plan.argv = pointers(command.argv);
    plan.environment = pointers(command.environment);
    const Fd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
    plan.descriptors = command.descriptors;
    for (const int standard : {0, 1, 2})
        if (std::ranges::none_of(command.descriptors, [=](const auto& d) { return d.second == standard; }))
            plan.descriptors.emplace_back(null.get(), standard);
    for (const auto& d : plan.descriptors) plan.first_free = std::max(plan.first_free, d.second + 1);

    if (command.connection) {
        const auto& path = command.connection->second;
        plan.address.sun_family = AF_UNIX;
        if (path.size() >= sizeof plan.address.sun_path)
            throw Error(ErrorCode::rpc, fmt::format("Path {} too long for unix socket", path));
        std::copy(path.begin(), path.end(), plan.address.sun_path);
    }

    void* stack = ::mmap(nullptr, stack_size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (stack == MAP_FAILED) throw Error::system(errno, "cannot map a stack");
    plan.failure = new (stack) Failure;  // at the far end of what the stack will use
    // A signal handler of ours must not run in the child, on our memory.
    sigset_t all, before;
    sigfillset(&all);
    ::pthread_sigmask(SIG_BLOCK, &all, &before);
    int pidfd = -1;
    const pid_t pid = ::clone(child_main, static_cast<char*>(stack) + stack_size,
                              share_memory | CLONE_VFORK | CLONE_PIDFD | SIGCHLD, &plan, &pidfd);
    const int clone_errno = errno;
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    const Failure failure = *plan.failure;
    ::munmap(stack, stack_size);
    if (pid < 0) throw Error::system(clone_errno, "cannot start a process");
    Fd handle(pidfd);
    if (failure.step != nullptr) {
        siginfo_t info;
        ::waitid(P_PIDFD, static_cast<id_t>(pidfd), &info, WEXITED);
        if (failure.step == connect_step)
            throw Error::system(failure.number,
                                fmt::format("Failed to connect socket to '{}'", command.connection->second));
        throw Error::system(failure.number, fmt::format("cannot {} for '{}'", failure.step, command.argv.front()));
    }
    return {pid, std::move(handle)};
}

std::size_t raise_descriptor_limit() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
    rlimit raised = limit;
    raised.rlim_cur = limit.rlim_max;
    if (limit.rlim_cur < limit.rlim_max && ::setrlimit(RLIMIT_NOFILE, &raised) == 0) descriptors_before = limit;
    return descriptors_before ? raised.rlim_cur : limit.rlim_cur;
}

}  // namespace innkeeper
