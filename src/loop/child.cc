#include "loop/child.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "base/error.h"
#include "loop/descriptor.h"
#include "loop/group.h"
#include "loop/spawn.h"

namespace innkeeper {

std::string ExitStatus::text() const {
    if (signal != 0) return fmt::format("signal {} ({})", signal, ::strsignal(signal));
    return fmt::format("exit status {}", code);
}

struct Process::State {
    pid_t pid;
    Descriptor pidfd;
    std::optional<ExitStatus> status;

    State(pid_t id, Fd fd) : pid(id), pidfd(std::move(fd)) {}

    /// Collects the status if it has ended. A pidfd can be read from exactly then.
    bool collect() {
        if (status) return true;
        siginfo_t info{};
        if (::waitid(P_PIDFD, static_cast<id_t>(pidfd.get()), &info, WEXITED | WNOHANG) == 0) {
            if (info.si_pid == 0) return false;
            status =
                info.si_code == CLD_EXITED ? ExitStatus{.code = info.si_status} : ExitStatus{.signal = info.si_status};
            return true;
        }
        // No child of ours. A zombie that somebody else must collect still counts as alive for kill(), so ask the
        // descriptor.
        if (!has_ended()) return false;
        status = ExitStatus{.code = -1};
        return true;
    }
    bool has_ended() const;
};

bool Process::State::has_ended() const {
    pollfd entry{.fd = pidfd.get(), .events = POLLIN, .revents = 0};
    return ::poll(&entry, 1, 0) > 0;
}

Process::Process(std::shared_ptr<State> state) : state_(std::move(state)) {}
Process::Process(Process&&) noexcept = default;
Process& Process::operator=(Process&&) noexcept = default;
Process::~Process() = default;

Process Process::start(const Command& command) {
    auto [pid, pidfd] = spawn(command);
    return Process(std::make_shared<State>(pid, std::move(pidfd)));
}

std::optional<Process> Process::adopt(pid_t pid) {
    Fd pidfd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
    if (!pidfd) return std::nullopt;
    return Process(std::make_shared<State>(pid, std::move(pidfd)));
}

pid_t Process::pid() const { return state_->pid; }
bool Process::has_exited() const { return state_->collect(); }

bool Process::send_signal(int signal) {
    return !state_->collect() && ::syscall(SYS_pidfd_send_signal, state_->pidfd.get(), signal, nullptr, 0) == 0;
}

Task<ExitStatus> Process::exited() {
    const auto state = state_;
    while (!state->collect()) co_await state->pidfd.readable();
    co_return *state->status;
}

namespace {

constexpr std::chrono::milliseconds what_is_left{500};

Task<> collect_output(Descriptor pipe, std::size_t most, std::string* into) {
    std::array<std::byte, 16384> buffer;
    while (const auto n = co_await pipe.read_some(buffer)) {
        const auto take = std::min(n, most - into->size());
        into->append(reinterpret_cast<const char*>(buffer.data()), take);
    }
}

Task<> feed(Descriptor pipe, std::string input) {
    try {
        co_await pipe.write_all(input);
    } catch (const Error&) {
        // A helper may end without reading all of its input; its status tells whether that was right.
    }
}

std::pair<Fd, Fd> make_pipe() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) throw Error::system(errno, "cannot make a pipe");
    return {Fd(ends[0]), Fd(ends[1])};
}

/// A process and our ends of its standard streams.
struct Talk {
    Process process;
    Descriptor in, out, err;
};

Talk start_to_talk(Command& command) {
    auto [in_read, in_write] = make_pipe();
    auto [out_read, out_write] = make_pipe();
    auto [err_read, err_write] = make_pipe();
    command.descriptors.emplace_back(in_read.get(), 0);
    command.descriptors.emplace_back(out_write.get(), 1);
    command.descriptors.emplace_back(err_write.get(), 2);
    return {Process::start(command), Descriptor(std::move(in_write)), Descriptor(std::move(out_read)),
            Descriptor(std::move(err_read))};
}

Task<> exchange(Descriptor in, std::string input, Descriptor out, Descriptor err, std::size_t most, Output* output) {
    std::vector<Task<>> parts;
    parts.push_back(feed(std::move(in), std::move(input)));
    parts.push_back(collect_output(std::move(out), most, &output->out));
    parts.push_back(collect_output(std::move(err), most, &output->err));
    co_await all(std::move(parts));
}

Task<> exchange_and_end(Task<> exchange, Output* output, Process* process) {
    co_await std::move(exchange);
    output->status = co_await process->exited();
}

}  // namespace

Task<Output> run_command(Command command, std::chrono::milliseconds limit, std::size_t most, std::string input) {
    auto talk = start_to_talk(command);
    Output output;
    std::exception_ptr failure;
    try {
        co_await within(limit, fmt::format("'{}'", command.argv.front()),
                        exchange_and_end(exchange(std::move(talk.in), std::move(input), std::move(talk.out),
                                                  std::move(talk.err), most, &output),
                                         &output, &talk.process));
    } catch (...) {
        failure = std::current_exception();
    }
    if (failure) {
        talk.process.send_signal(SIGKILL);
        // A killed process ends at once, and a zombie is not to be left, whatever scope we are in.
        Scope unhurried;
        co_await talk.process.exited().under(unhurried);
        std::rethrow_exception(failure);
    }
    co_return output;
}

Task<Output> run_patiently(Command command, std::size_t most, std::string input) {
    auto talk = start_to_talk(command);
    Output output;
    TaskGroup streams;
    streams.spawn(
        exchange(std::move(talk.in), std::move(input), std::move(talk.out), std::move(talk.err), most, &output));
    std::exception_ptr failure;
    try {
        output.status = co_await talk.process.exited();
        // What it wrote is in the pipes; what others that have them may write later is not waited for.
        co_await within(what_is_left, "the rest of the output", streams.idle());
    } catch (const Error&) {
    } catch (...) {
        failure = std::current_exception();
    }
    Scope unhurried;
    co_await streams.close().under(unhurried);
    if (failure) std::rethrow_exception(failure);
    co_return output;
}

}  // namespace innkeeper
