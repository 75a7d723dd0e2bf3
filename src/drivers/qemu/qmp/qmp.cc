#include "drivers/qemu/qmp/qmp.h"

#include <fmt/format.h>
#include <sys/socket.h>

#include <array>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <cerrno>
#include <cstring>
#include <map>
#include <optional>
#include <utility>

#include "base/error.h"
#include "base/log.h"
#include "loop/descriptor.h"
#include "loop/event.h"
#include "loop/group.h"
#include "loop/loop.h"

namespace innkeeper::qemu {

namespace json = boost::json;
using std::chrono::milliseconds;

namespace {

constexpr std::size_t longest_line = 10U << 20;
constexpr std::size_t deepest = 64;
/// What may wait for a QEMU that does not read: far above any batch.
constexpr std::size_t most_unsent = 4U << 20;
/// Who sends more lines than this in a window is not read again before the window ends.
constexpr unsigned lines_per_window = 1000;
constexpr milliseconds window{50};

std::string_view text_of(const json::object& object, std::string_view key) {
    const json::value* value = object.if_contains(key);
    return value != nullptr && value->is_string() ? std::string_view(value->get_string()) : std::string_view();
}

std::int64_t number_of(const json::object& object, std::string_view key) {
    const json::value* value = object.if_contains(key);
    return value != nullptr && value->is_int64() ? value->get_int64() : 0;
}

}  // namespace

/// Commands that were sent together and are waited for together. Lives in the frame of who waits.
struct Waiting {
    std::vector<std::optional<QmpReply>> replies;
    std::size_t missing;
    bool late = false;
    Wait wait;
    explicit Waiting(std::size_t count) : replies(count), missing(count) {}
};

struct Qmp::Link : std::enable_shared_from_this<Qmp::Link> {
    Descriptor socket;
    std::string guest;
    Callbacks callbacks;
    std::uint64_t next_id = 1;
    std::map<std::uint64_t, std::pair<Waiting*, std::size_t>> waiting;
    std::string unsent, received;
    std::size_t scanned = 0;  // of `received`: no newline before this
    bool lost = false;
    bool sending = false;
    unsigned lines = 0;
    Clock::time_point window_start{};
    TaskGroup tasks;

    Link(Fd fd, std::string name, Callbacks calls)
        : socket(std::move(fd)), guest(std::move(name)), callbacks(std::move(calls)) {}

    void lose(std::string_view why);
    void send(std::string text);
    void send_with(std::string_view text, int fd);
    Task<> flush();
    Task<> read();
    bool take_lines();
    void take(std::string_view line);
    void take_reply(json::object& reply);
    void take_event(json::object& event);
    std::string line(const QmpCommand& command, std::uint64_t id) const;
    Task<std::vector<QmpReply>> wait_for(std::uint64_t first, const std::vector<std::string>& names, milliseconds limit,
                                         std::move_only_function<void()> transmit);
    [[noreturn]] void throw_lost() const {
        throw Error(ErrorCode::operation_failed, fmt::format("domain '{}': QEMU closed its monitor", guest));
    }
};

/// Nothing can be said or heard any more. Idempotent.
void Qmp::Link::lose(std::string_view why) {
    if (lost) return;
    lost = true;
    log::debug("monitor of '{}' lost: {}", guest, why);
    socket.close();
    for (auto& [id, entry] : std::exchange(waiting, {})) entry.first->wait.wake();
    tasks.cancel();
    if (callbacks.lost) callbacks.lost();
}

void Qmp::Link::send(std::string text) {
    if (unsent.empty()) {
        try {
            if (const auto sent = socket.try_write(text)) text.erase(0, *sent);
        } catch (const Error& error) {
            // What was said last may still be there to be read, so the reader notices the end.
            log::debug("monitor of '{}': {}", guest, error.message());
            return;
        }
        if (text.empty()) return;
    }
    if (unsent.size() + text.size() > most_unsent)
        throw Error(ErrorCode::operation_failed, fmt::format("domain '{}': QEMU does not read its monitor", guest));
    unsent += text;
    if (!sending) tasks.spawn(flush());
}

Task<> Qmp::Link::flush() {
    sending = true;
    while (!unsent.empty() && !lost) {
        co_await socket.writable();
        if (lost) break;
        try {
            if (const auto sent = socket.try_write(unsent)) unsent.erase(0, *sent);
        } catch (const Error&) {
            unsent.clear();
        }
    }
    sending = false;
}

void Qmp::Link::send_with(std::string_view text, int fd) {
    if (!unsent.empty())
        throw Error(ErrorCode::operation_failed, fmt::format("domain '{}': QEMU does not read its monitor", guest));
    iovec part{.iov_base = const_cast<char*>(text.data()), .iov_len = text.size()};
    alignas(cmsghdr) std::array<std::byte, CMSG_SPACE(sizeof(int))> control{};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    cmsghdr* head = CMSG_FIRSTHDR(&message);
    head->cmsg_level = SOL_SOCKET;
    head->cmsg_type = SCM_RIGHTS;
    head->cmsg_len = CMSG_LEN(sizeof fd);
    std::memcpy(CMSG_DATA(head), &fd, sizeof fd);
    // A line of this size goes whole or not at all on a UNIX socket without backlog.
    const ssize_t sent = ::sendmsg(socket.get(), &message, MSG_NOSIGNAL);
    if (sent < 0) throw Error::system(errno, fmt::format("cannot pass a descriptor to domain '{}'", guest));
    if (static_cast<std::size_t>(sent) < text.size()) send(std::string(text.substr(static_cast<std::size_t>(sent))));
}

Task<> Qmp::Link::read() {
    std::vector<std::byte> buffer(65536);
    while (!lost) {
        // Through the loop each time, even if more is there: others have their turn between two pieces.
        co_await socket.readable();
        if (lost) break;
        std::optional<std::size_t> count;
        try {
            count = socket.try_read(buffer);
        } catch (const Error& error) {
            lose(error.message());
            break;
        }
        if (!count) continue;
        if (*count == 0) {
            lose("end of file");
            break;
        }
        received.append(reinterpret_cast<const char*>(buffer.data()), *count);
        if (!take_lines()) break;
        const auto now = Loop::current().now();
        if (now - window_start >= window) {
            window_start = now;
            lines = 0;
        } else if (lines > lines_per_window) {
            co_await sleep_for(window_start + window - now);
        }
    }
}

/// Handles the whole lines that are there. False if that was the end.
bool Qmp::Link::take_lines() {
    std::size_t start = 0;
    for (;;) {
        const auto end = received.find('\n', std::max(start, scanned));
        if (end == std::string::npos) break;
        ++lines;
        take(std::string_view(received).substr(start, end - start));
        if (lost) return false;
        start = end + 1;
    }
    received.erase(0, start);
    scanned = received.size();
    if (received.size() <= longest_line) return true;
    lose("a line without end");
    received = {};
    return false;
}

void Qmp::Link::take(std::string_view line) {
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) return;
    json::parse_options options;
    options.max_depth = deepest;
    std::error_code failed;
    json::value value;
    try {
        boost::system::error_code error;
        value = json::parse(line, error, {}, options);
        failed = error;
    } catch (const std::exception&) {
        failed = std::make_error_code(std::errc::bad_message);
    }
    if (failed || !value.is_object()) {
        lose("what came is no JSON object");
        return;
    }
    auto& object = value.get_object();
    if (object.contains("id"))
        take_reply(object);
    else if (object.contains("event"))
        take_event(object);
    // The greeting, and complaints about nothing in particular, are of no use to anybody.
}

void Qmp::Link::take_reply(json::object& reply) {
    const auto found = waiting.find(static_cast<std::uint64_t>(number_of(reply, "id")));
    if (found == waiting.end()) return;  // a late one
    const auto [whose, index] = found->second;
    waiting.erase(found);
    if (json::value* value = reply.if_contains("return")) {
        whose->replies[index].emplace(std::move(*value));
    } else {
        QmpFailure failure;
        if (const json::value* error = reply.if_contains("error"); error != nullptr && error->is_object()) {
            failure.kind = text_of(error->get_object(), "class");
            failure.text = text_of(error->get_object(), "desc");
        }
        whose->replies[index].emplace(std::unexpected(std::move(failure)));
    }
    if (--whose->missing == 0) whose->wait.wake();
}

void Qmp::Link::take_event(json::object& object) {
    if (!callbacks.event) return;
    QmpEvent event;
    event.name = text_of(object, "event");
    if (const json::value* time = object.if_contains("timestamp"); time != nullptr && time->is_object()) {
        event.seconds = number_of(time->get_object(), "seconds");
        event.micros = static_cast<std::uint32_t>(number_of(time->get_object(), "microseconds"));
    }
    if (json::value* data = object.if_contains("data"); data != nullptr && data->is_object())
        event.data = std::move(data->get_object());
    // What cannot be made of one event must not make us deaf for all that follow.
    try {
        callbacks.event(event);
    } catch (const std::exception& error) {
        log::error("event {} of domain '{}' is passed over: {}", event.name, guest, error.what());
    }
}

std::string Qmp::Link::line(const QmpCommand& command, std::uint64_t id) const {
    json::object object;
    object["execute"] = command.name;
    if (!command.arguments.empty()) object["arguments"] = command.arguments;
    object["id"] = id;
    return json::serialize(object) + "\n";
}

/// Waits for the replies to the commands with the ids from `first` on, once `transmit` has sent them.
Task<std::vector<QmpReply>> Qmp::Link::wait_for(std::uint64_t first, const std::vector<std::string>& names,
                                                milliseconds limit, std::move_only_function<void()> transmit) {
    const auto self = shared_from_this();  // who closes does not wait for those who wait
    if (lost) throw_lost();
    Waiting mine(names.size());
    struct Forget {
        Link* link;
        std::uint64_t first;
        std::size_t count;
        ~Forget() {
            for (std::uint64_t id = first; id < first + count; ++id) link->waiting.erase(id);
        }
    } forget{this, first, names.size()};
    for (std::size_t i = 0; i < names.size(); ++i) waiting[first + i] = {&mine, i};
    transmit();
    auto& loop = Loop::current();
    const auto timer = loop.at(loop.now() + limit, [&mine] {
        mine.late = true;
        mine.wait.wake();
    });
    if (mine.missing > 0) co_await mine.wait;
    if (mine.missing > 0 && mine.late) {
        std::size_t which = 0;
        while (mine.replies[which]) ++which;
        throw Error(ErrorCode::operation_timeout,
                    fmt::format("domain '{}': QEMU did not answer '{}' within {:g} s", guest, names[which],
                                std::chrono::duration<double>(limit).count()));
    }
    if (mine.missing > 0) throw_lost();
    std::vector<QmpReply> replies;
    replies.reserve(mine.replies.size());
    for (auto& reply : mine.replies) replies.push_back(std::move(*reply));
    co_return replies;
}

Qmp::Qmp(Fd socket, std::string guest, Callbacks callbacks)
    : link_(std::make_shared<Link>(std::move(socket), std::move(guest), std::move(callbacks))) {
    link_->send(link_->line({.name = "qmp_capabilities", .arguments = {}}, 0));
    link_->tasks.spawn(link_->read());
}

Qmp::~Qmp() = default;

void Qmp::refuse(std::string_view command, const QmpFailure& failure) {
    throw Error(ErrorCode::internal_error,
                fmt::format("unable to execute QEMU command '{}': {}", command, failure.text));
}

Task<json::value> Qmp::execute(std::string command, json::object arguments, milliseconds limit) {
    std::vector<QmpCommand> commands;
    commands.push_back({.name = command, .arguments = std::move(arguments)});
    auto replies = co_await batch(std::move(commands), limit);
    if (!replies.front()) refuse(command, replies.front().error());
    co_return std::move(*replies.front());
}

Task<std::vector<QmpReply>> Qmp::batch(std::vector<QmpCommand> commands, milliseconds limit) {
    const auto first = std::exchange(link_->next_id, link_->next_id + commands.size());
    std::string text;
    std::vector<std::string> names;
    for (const auto& command : commands) {
        text += link_->line(command, first + names.size());
        names.push_back(command.name);
    }
    std::move_only_function<void()> transmit = [this, &text] { link_->send(std::move(text)); };
    co_return co_await link_->wait_for(first, names, limit, std::move(transmit));
}

Task<> Qmp::pass_descriptor(std::string name, Fd fd, milliseconds limit) {
    const auto id = link_->next_id++;
    json::object arguments;
    arguments["fdname"] = name;
    const std::vector<std::string> names{"getfd"};
    const std::string text = link_->line({.name = "getfd", .arguments = std::move(arguments)}, id);
    std::move_only_function<void()> transmit = [this, &text, &fd] { link_->send_with(text, fd.get()); };
    const auto replies = co_await link_->wait_for(id, names, limit, std::move(transmit));
    if (!replies.front()) refuse("getfd", replies.front().error());
}

bool Qmp::is_lost() const { return link_->lost; }

Task<> Qmp::close() {
    link_->callbacks = {};
    link_->lose("closed");
    co_await link_->tasks.close();
}

}  // namespace innkeeper::qemu
