#pragma once

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "loop/loop.h"
#include "loop/watch.h"
#include "rpc/codec/caller.h"
#include "rpc/codec/frame.h"
#include "rpc/server/drivers.h"
#include "rpc/server/limits.h"
#include "rpc/transport/connection.h"
#include "rpc/transport/frame_reader.h"
#include "rpc/transport/layer.h"
#include "rpc/transport/outgoing.h"

namespace innkeeper::access {
class SaslSession;
}

namespace innkeeper::rpc {

struct Guard;
class Relay;
class Server;
class ServerStream;

/// How a client proves who it is on a socket (WIRE.md, section 6).
enum class Authentication { none, sasl, polkit };

/// What a listening socket is for.
struct Service {
    /// How clients reach it; numbered as the admin protocol names it.
    enum class Transport { unix_socket, tcp, tls };
    bool read_only = false;
    Authentication authentication = Authentication::none;
    Transport transport = Transport::unix_socket;

    /// Its clients are served only once they have told who they are.
    bool has_strangers() const { return authentication != Authentication::none || transport == Transport::tls; }
};

/// One client. What a turn of the loop reads from it is handled in that turn; its answers go out with one write at the
/// end of the turn. Calls that wait run on beside each other, and are answered as they end.
///
/// Invariants:
/// 1. At most `max_client_requests` calls have begun and not ended; those behind wait in order, and are bounded.
/// 2. After close() nothing is read or written, and whoever still holds the session sends into the void.
/// 3. The server owns the session until it is closed; calls in progress and streams keep it alive beyond that.
class Session final : public ClientSession {
  public:
    Session(Server& server, std::uint64_t id, std::unique_ptr<Connection> connection, Service service);
    /// One that another program in this process had before.
    Session(Server& server, std::uint64_t id, std::unique_ptr<Connection> connection, Service service,
            std::int64_t connected_at);
    ~Session() override;

    /// Begins to read, after the connection's handshake if it has one.
    void start();
    void close() { end(nullptr); }

    std::uint64_t id() const override { return id_; }
    bool read_only() const override { return service_.read_only || opened_read_only_; }
    const Identity& identity() const override { return asks_for_ ? *asks_for_ : connection_->identity(); }
    void send_event(const protocol::Procedure& row, std::shared_ptr<const std::string> payload) override;
    std::shared_ptr<Stream> open_stream(const protocol::Procedure& row, std::uint32_t serial, bool sparse) override;
    std::uint64_t on_close(std::move_only_function<void()> gone) override;
    void cancel_on_close(std::uint64_t number) override;

    // What the calls about the connection itself need.
    Service service() const { return service_; }
    const Connection& connection() const { return *connection_; }
    bool is_authenticated() const { return authenticated_; }
    void set_authenticated();
    /// Somebody may have to type a password: more time for that. Throws Error (auth_failed) at the umpteenth attempt.
    void log_change(const protocol::Procedure& row) const;
    void begin_authentication();
    /// The SASL session that has begun and is not complete, which one call at a time may have.
    std::shared_ptr<access::SaslSession> take_sasl() { return std::exchange(sasl_, nullptr); }
    void keep_sasl(std::shared_ptr<access::SaslSession> sasl) { sasl_ = std::move(sasl); }
    /// Everything behind this call's answer goes through it.
    void wrap_after_reply(std::unique_ptr<SecurityLayer> layer) { layer_ = std::move(layer); }
    Identity& own_identity() { return connection_->identity(); }
    const std::optional<Opened>& opened() const { return opened_; }
    void set_opened(Opened opened, bool read_only);
    void drop_opened() { opened_.reset(); }
    /// Whether access rules let this client have a connection to these drivers. Throws Error (access_denied).
    Task<> demand_opening(const protocol::Procedure& row, std::shared_ptr<const DriverSet> drivers);
    void be_read_only() { opened_read_only_ = true; }
    /// For whom this client asks, if it is one of the host's own daemons.
    void speak_for(Identity identity) { asks_for_ = std::move(identity); }
    /// The way to a daemon beside us, which begins to open if it was not there.
    std::shared_ptr<Relay> relay_to(const std::shared_ptr<const Upstream>& upstream, bool* made = nullptr);
    /// A whole message from there.
    void deliver(std::string message, std::vector<Fd> descriptors);
    void relay_drained();
    /// Asks the client for signs of life from now on.
    void start_keepalive();
    /// Closes once the answer of this call, and all before it, are written.
    void close_after_reply() { closing_ = true; }
    std::int64_t connected_at() const { return connected_at_; }

    bool is_closed() const { return closed_; }
    const Limits& limits() const;

  private:
    friend class Server;
    friend class ServerStream;
    struct Call;
    struct WaitingCall {
        MessageHeader header;
        std::string payload;
        std::vector<Fd> descriptors;
    };
    struct HeldEvent;
    struct StreamKey {
        std::uint32_t program;
        std::int32_t procedure;
        std::uint32_t serial;
        auto operator<=>(const StreamKey&) const = default;
    };
    /// A stream whose handler has said that it is complete, and has gone, still answers the client's finish.
    struct StreamEntry {
        ServerStream* stream = nullptr;
        const protocol::Procedure* row = nullptr;
    };

    void ready(Watch::Ready ready);
    static Task<> prepare(std::shared_ptr<Session> self);
    void set_prepared();
    void put_layer_on();
    void read();
    void take_frames();
    void take(RawFrame frame);
    void take_call(const MessageHeader& header, RawFrame& frame);
    void take_stream_packet(const MessageHeader& header, std::string_view payload);
    void take_keepalive(const MessageHeader& header);

    void drop_unwanted(const MessageHeader& header, std::vector<Fd>& descriptors) const;
    void begin(const MessageHeader& header, std::string_view payload, std::vector<Fd> descriptors);
    void dispatch(Call& call, std::string_view payload, std::optional<Task<>>& later);
    void invoke(Call& call, const Handler& handler, std::string_view payload, std::optional<Task<>>& later);
    static Task<> finish(std::shared_ptr<Session> self, std::unique_ptr<Call> call, Task<> work);
    /// What decides about calls to these drivers, if anything does.
    std::optional<Guard> guard(const std::shared_ptr<const DriverSet>& drivers) const;
    void put_event(const protocol::Procedure& row, const std::string& payload);
    static Task<> ask_about(std::shared_ptr<Session> self, std::shared_ptr<HeldEvent> event, Guard guard);
    void reply(Call& call);
    void reply_error(const Call& call, std::exception_ptr error);
    void begin_waiting();
    void pause_relays(bool paused);
    std::size_t outgoing_pause() const;
    bool may_begin() const;
    bool gives_way(Clock::time_point now) const;
    bool may_read() const;
    bool is_at_rest() const;

    void want_flush();
    void flush();
    void watch();
    void keepalive_due();
    void end(const char* why);

    Server& server_;
    const std::uint64_t id_;
    std::unique_ptr<Connection> connection_;
    const Service service_;
    const std::int64_t connected_at_;
    bool opened_read_only_ = false;
    bool authenticated_ = false;
    bool preparing_;        ///< the handshake is not over
    bool in_pool_ = false;  ///< a step of it runs there, and the connection is left alone
    bool closing_ = false, closed_ = false;
    std::optional<Opened> opened_;

    std::optional<Identity> asks_for_;
    std::map<const Upstream*, std::shared_ptr<Relay>> relays_;

    std::shared_ptr<access::SaslSession> sasl_;
    std::unique_ptr<SecurityLayer> layer_;

    std::unique_ptr<Watch> watch_;
    FrameReader reader_;
    Outgoing outgoing_;
    bool held_back_ = false;     ///< messages that were read but not taken, since may_read() did not hold
    bool handling_ = false;      ///< in a turn that flushes at its end
    bool flush_wanted_ = false;  ///< on the server's list
    bool write_blocked_ = false;

    /// Events that access rules have not decided about, and those behind them.
    std::deque<std::shared_ptr<HeldEvent>> held_events_;
    std::size_t held_event_bytes_ = 0;

    unsigned in_progress_ = 0;
    std::deque<WaitingCall> waiting_;
    std::size_t waiting_bytes_ = 0;

    std::map<StreamKey, StreamEntry> streams_;
    std::size_t stream_bytes_ = 0;  ///< that handlers have not taken yet
    std::vector<Wait*> writers_;    ///< of streams, until the client reads

    std::unique_ptr<Loop::Timer> keepalive_, deadline_;
    Clock::time_point since_{}, heard_{};
    unsigned unanswered_ = 0;
    unsigned attempts_ = 0;
    bool asks_ = false;         ///< the client wanted keepalive from us
    bool client_asks_ = false;  ///< and sends pings of its own

    std::map<std::uint64_t, std::move_only_function<void()>> on_close_;
    std::uint64_t next_on_close_ = 1;
};

}  // namespace innkeeper::rpc
