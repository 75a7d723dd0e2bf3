#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <deque>
#include <filesystem>

#include "base/error.h"
#include "base/files.h"
#include "base/log.h"
#include "drivers/qemu/guest_log.h"
#include "loop/child.h"
#include "loop/group.h"
#include "protocol/log.h"
#include "rpc/client/client.h"

namespace innkeeper::qemu {

namespace wire = protocol::log;
using namespace std::chrono_literals;

namespace {

/// virtlogd answers at once, unless its disk is slow or the host is loaded.
constexpr auto patience = 30s;
/// How much of a failed process's words is looked at.
constexpr std::uint64_t most_read = 1U << 20;
/// How long a user's virtlogd stays when nobody needs it.
constexpr std::string_view idle_time = "120";
/// Lines that wait for it; beyond that it is not there, and they are lost.
constexpr std::size_t most_waiting = 1000;

using ClientPtr = std::shared_ptr<rpc::Client>;

wire::Domain domain_of(const LogName& log) { return {.uuid = log.uuid, .name = log.guest}; }

Task<> open_into(ClientPtr client, LogName log, DeviceLog file, Fd* into) {
    const auto truncate = static_cast<std::uint32_t>(wire::DomainOpenLogFileFlags::truncate);
    auto [place, descriptors] = co_await client->call_for_descriptors<wire::DomainOpenLogFile>(
        {.driver = "qemu", .dom = domain_of(log), .path = file.path, .flags = file.append ? 0 : truncate});
    if (descriptors.size() != 1)
        throw Error(ErrorCode::internal_error, fmt::format("virtlogd gave no pipe for '{}'", file.path));
    *into = std::move(descriptors.front());
}

Task<> add_text(ClientPtr client, LogName log, std::string text) {
    co_await client->call<wire::DomainAppendLogFile>(
        {.driver = "qemu", .dom = domain_of(log), .path = log.path, .message = std::move(text)});
}

Task<> mark_end(ClientPtr client, LogName log, LogMark* into) {
    const auto answer = co_await client->call<wire::DomainGetLogFilePosition>({.path = log.path});
    *into = {answer.pos.inode, answer.pos.offset};
}

/// Each connection is for one errand, as the peer's are: virtlogd may come and go between two.
class DaemonLogs final : public GuestLogs {
  public:
    explicit DaemonLogs(const Paths& paths)
        : paths_(paths),
          socket_(paths.state() + "/virtlogd-sock"),
          starts_it_(!paths.is_system() || !paths.root().empty()) {}

    Task<Opened> open(LogName log, std::string head, std::vector<DeviceLog> devices) override {
        // Lines about an earlier run come first.
        co_await within(patience, "virtlogd to write a guest's log", errands_.idle());
        co_return co_await within(patience, "virtlogd to open a guest's log",
                                  open_all(std::move(log), std::move(head), std::move(devices)));
    }

    void append(LogName log, std::string text) override {
        if (waiting_.size() >= most_waiting) return;
        waiting_.emplace_back(std::move(log), std::move(text));
        if (errands_.size() == 0) errands_.spawn(write_waiting());
    }

    Task<std::string> words(LogName log, LogMark mark) override {
        try {
            co_return co_await within(patience, "virtlogd to read a guest's log", read_words(std::move(log), mark));
        } catch (const Error& error) {
            log::warning("{}", error.message());
        }
        co_return "";
    }

    Task<> close() override {
        try {
            co_await within(1s, "virtlogd to write guests' logs", errands_.idle());
        } catch (const Error& error) {
            log::warning("{}", error.message());
        }
        co_await errands_.close();
    }

  private:
    /// Where no service manager does, we start it.
    Task<ClientPtr> connect() {
        try {
            co_return over_socket();
        } catch (const Error&) {
            if (!starts_it_) throw;
        }
        co_await start_daemon();
        co_return over_socket();
    }

    ClientPtr over_socket() const {
        auto connection = rpc::try_connect_unix(socket_);
        if (!connection)
            throw Error(ErrorCode::operation_failed,
                        fmt::format("virtlogd does not take connections at '{}'", socket_));
        return rpc::Client::over(std::move(connection));
    }

    /// Returns when it listens. If another has started it at the same time, there is that one.
    Task<> start_daemon() const {
        const auto self = std::filesystem::read_symlink("/proc/self/exe").parent_path() / "virtlogd";
        Command command;
        command.argv = {path_exists(self.string()) ? self.string() : "/usr/sbin/virtlogd", "--daemon", "--timeout",
                        std::string(idle_time)};
        if (!paths_.root().empty()) command.argv.insert(command.argv.end(), {"--root", paths_.root()});
        for (char** variable = environ; *variable != nullptr; ++variable)
            if (!std::string_view(*variable).starts_with("NOTIFY_SOCKET=")) command.environment.emplace_back(*variable);
        const auto output = co_await run_command(std::move(command), patience);
        if (!output.status.ok()) log::warning("virtlogd does not start: {}", output.err);
    }

    Task<Opened> open_all(LogName log, std::string head, std::vector<DeviceLog> devices) {
        const auto client = co_await connect();
        Opened opened;
        opened.devices.resize(devices.size());
        // Answered in this order, all in one round.
        std::vector<Task<>> calls;
        calls.push_back(open_into(client, log, {.path = log.path, .append = true}, &opened.output));
        calls.push_back(add_text(client, log, std::move(head)));
        calls.push_back(mark_end(client, log, &opened.mark));
        for (std::size_t i = 0; i < devices.size(); ++i)
            calls.push_back(open_into(client, log, devices[i], &opened.devices[i]));
        co_await all(std::move(calls));
        co_return opened;
    }

    Task<> write_waiting() {
        try {
            const auto client = co_await within(patience, "virtlogd to take connections", connect());
            while (!waiting_.empty()) {
                auto [log, text] = std::move(waiting_.front());
                waiting_.pop_front();
                co_await within(patience, "virtlogd to write a guest's log", add_text(client, log, std::move(text)));
            }
        } catch (const Error& error) {
            log::warning("{} lines of guests' logs are lost: {}", std::max<std::size_t>(waiting_.size(), 1),
                         error.message());
            waiting_.clear();
        }
    }

    Task<std::string> read_words(LogName log, LogMark mark) {
        const auto client = co_await connect();
        try {
            // What is still in the pipe is in the file then; if the pipe has gone, it is already.
            LogMark end;
            co_await mark_end(client, log, &end);
        } catch (const Error&) {
        }
        auto answer = co_await client->call<wire::DomainReadLogFile>(
            {.path = log.path, .pos = {.inode = mark.inode, .offset = mark.offset}, .maxlen = most_read});
        co_return last_words(std::move(answer.data));
    }

    const Paths paths_;
    const std::string socket_;
    const bool starts_it_;
    std::deque<std::pair<LogName, std::string>> waiting_;
    TaskGroup errands_;
};

}  // namespace

std::unique_ptr<GuestLogs> daemon_logs(const Paths& paths) { return std::make_unique<DaemonLogs>(paths); }

}  // namespace innkeeper::qemu
