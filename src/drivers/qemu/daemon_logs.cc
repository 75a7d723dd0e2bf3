#include <fmt/format.h>

#include <algorithm>
#include <deque>

#include "base/error.h"
#include "base/log.h"
#include "drivers/qemu/guest_log.h"
#include "drivers/qemu/helper_daemon.h"
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

class DaemonLogs final : public GuestLogs {
  public:
    explicit DaemonLogs(const Paths& paths) : daemon_(paths, "virtlogd") {}

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
    Task<Opened> open_all(LogName log, std::string head, std::vector<DeviceLog> devices) {
        const auto client = co_await daemon_.connect();
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
            const auto client = co_await within(patience, "virtlogd to take connections", daemon_.connect());
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
        const auto client = co_await daemon_.connect();
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

    const HelperDaemon daemon_;
    std::deque<std::pair<LogName, std::string>> waiting_;
    TaskGroup errands_;
};

}  // namespace

std::unique_ptr<GuestLogs> daemon_logs(const Paths& paths) { return std::make_unique<DaemonLogs>(paths); }

}  // namespace innkeeper::qemu
