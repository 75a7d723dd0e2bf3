#include "drivers/qemu/consoles.h"

#include <sys/socket.h>

#include <array>
#include <cerrno>

#include "base/error.h"
#include "loop/descriptor.h"
#include "loop/event.h"
#include "loop/loop.h"

namespace innkeeper::qemu {

namespace {

/// What a user sent before he went may still reach the guest within this time.
constexpr auto last_words = std::chrono::seconds(1);

}  // namespace

struct Consoles::Session {
    std::string path;
    Descriptor line, user;
    TaskGroup copies;
    Event ended;

    Session(std::string name, Fd line_fd, Fd user_fd)
        : path(std::move(name)), line(std::move(line_fd)), user(std::move(user_fd)) {}

    /// Ends when either side does.
    Task<> copy(Descriptor* from, Descriptor* to) {
        std::array<std::byte, 8192> buffer;
        try {
            while (const auto count = co_await from->read_some(buffer))
                co_await to->write_all({reinterpret_cast<const char*>(buffer.data()), count});
        } catch (const Error&) {
            // A pseudo terminal whose other end is closed says EIO; there is nobody to tell.
        }
        ended.set();
    }

    /// A user who has gone does not hold the line, though a guest that reads nothing would take what he sent.
    Task<> end_with_user() {
        co_await user.hung_up();
        co_await sleep_for(last_words);
        ended.set();
    }
};

Task<> Consoles::run(std::shared_ptr<Session> session) {
    session->copies.spawn(session->copy(&session->line, &session->user));
    session->copies.spawn(session->copy(&session->user, &session->line));
    session->copies.spawn(session->end_with_user());
    std::exception_ptr cancelled;
    try {
        co_await session->ended.wait();
    } catch (const Cancelled&) {
        cancelled = std::current_exception();
    }
    Scope unhurried;
    co_await session->copies.close().under(unhurried);
    session->line.close();
    session->user.close();
    if (const auto found = sessions_.find(session->path); found != sessions_.end() && found->second == session)
        sessions_.erase(found);
    if (cancelled) std::rethrow_exception(cancelled);
}

Task<Fd> Consoles::open(std::string path, Fd line, bool take_over) {
    if (const auto found = sessions_.find(path); found != sessions_.end()) {
        if (!take_over) throw Error(ErrorCode::operation_failed, "Active console session exists for this domain");
        found->second->ended.set();
        sessions_.erase(found);
    }
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
        throw Error::system(errno, "cannot make a socket pair");
    Fd theirs(ends[1]);
    auto session = std::make_shared<Session>(path, std::move(line), Fd(ends[0]));
    sessions_[path] = session;
    tasks_.spawn(run(session));
    co_return theirs;
}

Task<> Consoles::close() { co_await tasks_.close(); }

}  // namespace innkeeper::qemu
