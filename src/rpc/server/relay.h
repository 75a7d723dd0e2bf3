#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "loop/task.h"
#include "rpc/client/client.h"
#include "rpc/codec/frame.h"
#include "rpc/codec/typed_params.h"
#include "rpc/server/upstream.h"

namespace innkeeper::rpc {

class Session;

/// Beside the public parameters of virConnectSetIdentity: by this the host's daemons know that one of them asks for
/// itself. It never goes along with a client's identity, since it opens what clients must not see.
inline constexpr std::string_view system_token_param = "system.token";

/// A connection to a daemon beside us on which `who` asks (parameters of virConnectSetIdentity), with the URI open.
/// Waits for half a minute at most. Throws Error: no_connect naming the daemon if it cannot be reached,
/// operation_timeout if it does not answer, or what it says.
Task<std::shared_ptr<Client>> open_upstream(std::shared_ptr<const Upstream> upstream, TypedParams who, bool read_only);

/// One client's way to such a daemon: its calls, their streams and descriptors go there as they stand, and what comes
/// back goes to the client. Each client has a connection of its own, so that numbers of calls and events need no
/// translation, and one that reads slowly holds up itself alone.
class Relay : public std::enable_shared_from_this<Relay> {
  public:
    Relay(Session& session, std::shared_ptr<const Upstream> upstream)
        : session_(&session), upstream_(std::move(upstream)) {}

    /// Connects, says for whom, and opens the URI. What is forwarded meanwhile follows then, or is answered with the
    /// Error that this throws.
    Task<> open();

    void forward(const MessageHeader& call, std::string_view arguments, std::vector<Fd> descriptors, bool opens_stream);
    bool has_stream(const MessageHeader& packet) const { return streams_.contains(Key(packet)); }
    void forward_packet(const MessageHeader& packet, std::string_view payload);

    /// How much waits for the daemon to read it.
    std::size_t unsent() const;
    /// Whether the client reads what it gets.
    void pause(bool paused);
    bool is_closed() const { return closed_; }
    /// The client has gone.
    void drop();

  private:
    struct Key {
        explicit Key(const MessageHeader& header)
            : program(header.prog), procedure(header.proc), serial(header.serial) {}
        std::uint32_t program;
        std::int32_t procedure;
        std::uint32_t serial;
        auto operator<=>(const Key&) const = default;
    };
    struct Waiting {
        std::string message;
        std::vector<Fd> descriptors;
    };
    void take(RawFrame& frame, const MessageHeader& header);
    void send(std::string message, std::vector<Fd> descriptors);
    void fail(const Error& error);
    void drained();

    Session* session_;  ///< null once it has gone
    std::shared_ptr<const Upstream> upstream_;
    std::shared_ptr<Client> client_;  ///< once it is open
    bool closed_ = false;
    std::optional<Error> failed_;  ///< why
    std::vector<Waiting> waiting_;
    std::map<Key, MessageHeader> calls_;  ///< that are not answered yet
    std::set<Key> streams_;
};

}  // namespace innkeeper::rpc
