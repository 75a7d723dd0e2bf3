#include "rpc/server/server.h"

#include <algorithm>
#include <cassert>

#include "base/log.h"
#include "rpc/server/call.h"
#include "rpc/server/handover.h"

namespace innkeeper::rpc {

Server::Server(std::string name, Limits limits, std::vector<std::uint32_t> programs)
    : name_(std::move(name)), limits_(limits), self_(std::make_shared<Server*>(this)) {
    for (const auto number : programs) {
        programs_.push_back(protocol::find_program(number));
        assert(programs_.back() != nullptr);
    }
}

Server::~Server() {
    *self_ = nullptr;
    assert(sessions_.empty());
}

const protocol::Program* Server::offered(std::uint32_t number, std::uint32_t version) const {
    for (const auto* program : programs_)
        if (program->number == number && program->version == version) return program;
    return nullptr;
}

void Server::listen(std::unique_ptr<Listener> listener, Service service) {
    listening_.push_back({std::move(listener), service});
}

bool Server::has_tls() const {
    return std::ranges::any_of(listening_,
                               [](const auto& entry) { return entry.service.transport == Service::Transport::tls; });
}

void Server::accept() {
    accepting_ = true;
    for (auto& [listener, service] : listening_)
        listener->start([this, service](std::unique_ptr<Connection> connection) {
            if (only_uid_ && connection->identity().uid != only_uid_) {
                log::warning("a client of user {} is turned away from the {} server",
                             connection->identity().uid.value_or(static_cast<uid_t>(-1)), name_);
                return;
            }
            adopt(std::move(connection), service);
        });
    check_limits();
}

std::shared_ptr<Session> Server::adopt(std::unique_ptr<Connection> connection, Service service) {
    auto session = std::make_shared<Session>(*this, next_id_++, std::move(connection), service);
    sessions_.emplace(session->id(), session);
    if (!session->is_authenticated()) strangers_.insert(session.get());
    session->start();
    check_limits();
    if (changed_) changed_();
    return session;
}

/// At a limit who comes waits in the sockets' backlogs. Strangers keep nobody out who is known at once.
void Server::check_limits() {
    if (!accepting_ || paused_ || closed_) return;
    const bool all = sessions_.size() >= limits_.max_clients;
    const bool strangers = too_many_strangers();
    if (full_ == all && full_of_strangers_ == strangers) return;
    if ((all && !full_) || (strangers && !full_of_strangers_))
        log::warning("no more clients are accepted: {} of {}, {} of {} not authenticated", sessions_.size(),
                     limits_.max_clients, strangers_.size(), limits_.max_anonymous_clients);
    full_ = all;
    full_of_strangers_ = strangers;
    for (auto& [listener, service] : listening_)
        all || (strangers && service.has_strangers()) ? listener->pause() : listener->resume();
    if (strangers && !room_)
        room_ = Loop::current().at(Loop::current().now() + limits_.silence_when_full, [this] { make_room(); });
}

bool Server::too_many_strangers() const {
    return limits_.max_anonymous_clients != 0 && strangers_.size() >= limits_.max_anonymous_clients;
}

/// Silence shall not keep honest clients out: who says nothing, or takes too long, gives way to those who wait.
void Server::make_room() {
    room_.reset();
    if (!full_of_strangers_ || closed_) return;
    const auto now = Loop::current().now();
    if (std::ranges::any_of(listening_, [](const auto& entry) {
            return entry.service.has_strangers() && entry.listener->has_waiting();
        }))
        for (Session* stranger : std::vector(strangers_.begin(), strangers_.end()))
            if (stranger->gives_way(now)) stranger->end("gives way to others: it has not told who it is");
    if (full_of_strangers_) room_ = Loop::current().at(now + limits_.silence_when_full, [this] { make_room(); });
}

void Server::authenticated(Session& session) {
    strangers_.erase(&session);
    check_limits();
}

void Server::gone(Session& session) {
    strangers_.erase(&session);
    const auto at = sessions_.find(session.id());
    if (at == sessions_.end()) return;
    // Whoever ended it may stand in one of its calls or timers: it goes in a later turn.
    Loop::current().post([held = std::move(at->second)]() mutable { held.reset(); });
    sessions_.erase(at);
    check_limits();
    if (changed_) changed_();
}

void Server::want_flush(Session& session) {
    to_flush_.push_back(std::static_pointer_cast<Session>(session.shared_from_this()));
    if (to_flush_.size() > 1) return;
    Loop::current().post([self = self_] {
        if (*self == nullptr) return;
        for (const auto& wanting : std::exchange((*self)->to_flush_, {})) wanting->flush();
    });
}

std::vector<std::shared_ptr<Session>> Server::sessions() const {
    std::vector<std::shared_ptr<Session>> all;
    all.reserve(sessions_.size());
    for (const auto& [id, session] : sessions_) all.push_back(session);
    std::ranges::sort(all, {}, &Session::id);
    return all;
}

std::shared_ptr<Session> Server::session(std::uint64_t id) const {
    const auto at = sessions_.find(id);
    return at != sessions_.end() ? at->second : nullptr;
}

void Server::set_limits(unsigned max_clients, unsigned max_anonymous_clients) {
    limits_.max_clients = max_clients;
    limits_.max_anonymous_clients = max_anonymous_clients;
    check_limits();
}

Task<> Server::pause() {
    paused_ = true;
    for (auto& entry : listening_) entry.listener->pause();
    for (const auto& session : sessions()) session->watch();
    co_await calls_.idle();
}

void Server::resume() {
    paused_ = false;
    for (const auto& session : sessions()) session->watch();
    full_ = full_of_strangers_ = false;
    for (auto& entry : listening_) entry.listener->resume();
    check_limits();
}

Handover Server::hand_over() {
    Handover all{.max_clients = limits_.max_clients,
                 .max_anonymous_clients = limits_.max_anonymous_clients,
                 .next_id = next_id_,
                 .sockets = {},
                 .clients = {}};
    for (const auto& [listener, service] : listening_)
        all.sockets.push_back({listener->descriptor(), listener->owns_file(), service});
    for (const auto& session : sessions()) {
        session->flush();
        if (!session->is_at_rest()) session->end("is in the middle of a message");
        if (!session->is_closed())
            all.clients.push_back(
                {session->connection().descriptor(), session->id(), session->connected_at(), session->service()});
    }
    return all;
}

void Server::take_over(const Handover& from) {
    set_limits(from.max_clients, from.max_anonymous_clients);
    for (const auto& socket : from.sockets)
        listen(Listener::inherited(Fd(socket.descriptor), socket.owns_file), socket.service);
    for (const auto& client : from.clients) {
        auto session = std::make_shared<Session>(*this, client.id, unix_connection(Fd(client.descriptor)),
                                                 client.service, client.connected_at);
        sessions_.emplace(session->id(), session);
        session->start();
        next_id_ = std::max(next_id_, client.id + 1);
    }
    next_id_ = std::max(next_id_, from.next_id);
}

Task<> Server::close(std::chrono::seconds patience) {
    closed_ = true;
    room_.reset();
    listening_.clear();
    for (const auto& session : sessions()) session->close();
    bool late = false;
    try {
        co_await within(patience, "the end of calls in progress", calls_.idle());
    } catch (const Error& error) {
        late = true;
        log::warning("{}", error.message());
    }
    // Those still running are cancelled: they unwind at their next wait.
    if (late) calls_.cancel();
    co_await calls_.close();
}

}  // namespace innkeeper::rpc
