#pragma once

#include <memory>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "loop/event.h"
#include "loop/group.h"
#include "rpc/codec/handlers.h"
#include "rpc/server/drivers.h"
#include "rpc/server/limits.h"
#include "rpc/server/session.h"
#include "rpc/transport/listener.h"

namespace innkeeper::access {
class Permissions;
}

namespace innkeeper::rpc {

struct Handover;

/// The clients of one server: `libvirtd` with its read-write and read-only sockets, or `admin`.
class Server {
  public:
    /// `programs`: what the server offers on every connection.
    Server(std::string name, Limits limits, std::vector<std::uint32_t> programs);
    ~Server();
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    const std::string& name() const { return name_; }
    const Limits& limits() const { return limits_; }
    void set_limits(unsigned max_clients, unsigned max_anonymous_clients);

    /// Handlers that work without connect_open, and come before the drivers'.
    HandlerTable& own_handlers() { return own_; }
    /// From now on these decide about each call and each event.
    void guard_by(access::Permissions* permissions) { permissions_ = permissions; }
    /// Only clients of this user are served; others are turned away at once.
    void only_for(uid_t uid) { only_uid_ = uid; }

    /// Clients queue until accept() is called.
    void listen(std::unique_ptr<Listener> listener, Service service);
    void accept();
    bool has_tls() const;
    /// A connection that is there already.
    std::shared_ptr<Session> adopt(std::unique_ptr<Connection> connection, Service service);

    /// Nothing more is read, and calls in progress come to their end: what hand_over() needs.
    Task<> pause();
    void resume();
    /// What is to go on in this process under another program. A client that is in the middle of a message is closed.
    Handover hand_over();
    /// The other side of that, instead of listen(). Throws Error if the descriptors are none of these.
    void take_over(const Handover& from);

    std::size_t clients() const { return sessions_.size(); }
    std::size_t anonymous() const { return strangers_.size(); }
    /// In the order in which they came.
    std::vector<std::shared_ptr<Session>> sessions() const;
    /// Null if there is no such client.
    std::shared_ptr<Session> session(std::uint64_t id) const;
    /// Called when the number of clients has changed.
    void on_change(std::move_only_function<void()> changed) { changed_ = std::move(changed); }

    /// Stops accepting, closes all clients, and waits for their calls at most so long.
    Task<> close(std::chrono::seconds patience);

  private:
    friend class Session;
    struct Listening {
        std::unique_ptr<Listener> listener;
        Service service;
    };
    const protocol::Program* offered(std::uint32_t number, std::uint32_t version) const;
    void check_limits();
    bool too_many_strangers() const;
    void make_room();
    void gone(Session& session);
    void authenticated(Session& session);
    void want_flush(Session& session);

    std::string name_;
    Limits limits_;
    std::vector<const protocol::Program*> programs_;
    HandlerTable own_;
    access::Permissions* permissions_ = nullptr;
    std::optional<uid_t> only_uid_;
    std::vector<Listening> listening_;
    bool accepting_ = false, paused_ = false, closed_ = false;
    bool full_ = false, full_of_strangers_ = false;
    std::unordered_map<std::uint64_t, std::shared_ptr<Session>> sessions_;
    std::unordered_set<Session*> strangers_;  ///< that have not told yet who they are
    std::unique_ptr<Loop::Timer> room_;
    std::uint64_t next_id_ = 1;
    std::vector<std::shared_ptr<Session>> to_flush_;
    std::vector<std::unique_ptr<Session::Call>> spare_;  ///< calls whose memory is used again
    std::move_only_function<void()> changed_;
    std::shared_ptr<Server*> self_;  ///< for work posted to the loop, which may outlive us
    TaskGroup calls_;
};

}  // namespace innkeeper::rpc
