#include "rpc/server/session.h"

#include <algorithm>
#include <chrono>

#include "access/sasl.h"
#include "base/log.h"
#include "loop/pool.h"
#include "rpc/server/call.h"
#include "rpc/server/guard.h"
#include "rpc/server/relay.h"
#include "rpc/server/server.h"
#include "rpc/server/stream.h"

namespace innkeeper::rpc {

Session::Session(Server& server, std::uint64_t id, std::unique_ptr<Connection> connection, Service service)
    : Session(server, id, std::move(connection), service,
              std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch())
                  .count()) {}

Session::Session(Server& server, std::uint64_t id, std::unique_ptr<Connection> connection, Service service,
                 std::int64_t connected_at)
    : server_(server),
      id_(id),
      connection_(std::move(connection)),
      service_(service),
      connected_at_(connected_at),
      preparing_(connection_->needs_preparing()) {
    authenticated_ = !preparing_ && service.authentication == Authentication::none;
    if (!authenticated_) reader_.set_longest(limits().anonymous_message);
}

Session::~Session() = default;

const Limits& Session::limits() const { return server_.limits_; }

void Session::start() {
    since_ = heard_ = Loop::current().now();
    watch_ = std::make_unique<Watch>(connection_->descriptor(), [this](Watch::Ready what) { ready(what); });
    watch_->want(true, false);
    if (authenticated_) return;
    deadline_ = Loop::current().at(heard_ + limits().anonymous_time, [this] { end("did not authenticate in time"); });
}

/// One step of the handshake, whose arithmetic would hold up all other clients.
Task<> Session::prepare(std::shared_ptr<Session> self) {
    using Prepared = Connection::Prepared;
    Connection* connection = self->connection_.get();
    self->heard_ = Loop::current().now();
    std::optional<Prepared> prepared;
    std::string refused;
    self->in_pool_ = true;
    try {
        prepared = co_await in_pool([connection] { return connection->prepare(); });
    } catch (const Error& error) {
        refused = error.message();
    }
    self->in_pool_ = false;
    if (self->closed_) {
        connection->close();
        co_return;
    }
    if (!prepared) {
        log::warning("client {} from {} is turned away: {}", self->id_, connection->remote_address(), refused);
        self->end(nullptr);
    } else if (prepared == Prepared::yes) {
        self->set_prepared();
    } else {
        self->watch_->want(prepared == Prepared::when_readable, prepared == Prepared::when_writable);
    }
}

/// Whether a stranger has had its time, now that others wait for its place.
bool Session::gives_way(Clock::time_point now) const {
    if (authenticated_ || in_pool_ || in_progress_ > 0) return false;
    return now - since_ >= (heard_ == since_ ? limits().silence_when_full : limits().anonymous_time_when_full);
}

void Session::set_prepared() {
    preparing_ = false;
    if (!identity().x509_name.empty()) log::info("client {} has the certificate of '{}'", id_, identity().x509_name);
    if (service_.authentication == Authentication::none) set_authenticated();
    ready({.read = true});
}

void Session::set_authenticated() {
    if (authenticated_) return;
    authenticated_ = true;
    deadline_.reset();
    reader_.set_longest(frame_max);
    server_.authenticated(*this);
}

/// Who is to be named when somebody asks who did it.
void Session::log_change(const protocol::Procedure& row) const {
    if (!log::enabled(log::Level::info, std::source_location::current())) return;
    const auto& who = identity();
    const auto number = [](const auto& value) { return value ? std::to_string(*value) : std::string("?"); };
    log::info("client {} changes by {} (uid {}, pid {}{}{}{}{})", id_, row.name, number(who.uid), number(who.pid),
              who.sasl_user.empty() ? "" : ", SASL ", who.sasl_user, who.x509_name.empty() ? "" : ", X.509 ",
              who.x509_name);
}

void Session::begin_authentication() {
    if (++attempts_ > limits().authentication_attempts)
        throw Error(ErrorCode::auth_failed, ErrorDomain::rpc, "too many attempts to authenticate");
    deadline_ = Loop::current().at(Loop::current().now() + limits().authentication_time,
                                   [this] { end("did not authenticate in time"); });
}

void Session::set_opened(Opened opened, bool read_only) {
    opened_ = std::move(opened);
    opened_read_only_ = read_only;
}

// Reading

/// A client that does not read, or whose calls and streams nobody gets on with, is not read either.
bool Session::may_read() const {
    return !closed_ && !closing_ && !server_.paused_ && waiting_.size() < limits().waiting_calls &&
           waiting_bytes_ < limits().waiting_bytes && stream_bytes_ < limits().stream_incoming &&
           outgoing_.bytes() < limits().outgoing_most &&
           std::ranges::all_of(
               relays_, [this](const auto& each) { return each.second->unsent() < limits().outgoing_pause; });
}

bool Session::is_at_rest() const {
    return in_progress_ == 0 && waiting_.empty() && outgoing_.empty() && reader_.held() == 0 && streams_.empty() &&
           !connection_->has_pending();
}

void Session::watch() {
    if (closed_ || preparing_ || !watch_) return;
    watch_->want(may_read(), write_blocked_);
    if (!held_back_ || handling_ || !may_read()) return;
    // What was read already is not seen by the watch: the client may have sent all that it had, and wait for us.
    held_back_ = false;
    Loop::current().post(
        [self = std::static_pointer_cast<Session>(shared_from_this())] { self->ready({.read = true}); });
}

void Session::ready(Watch::Ready what) {
    if (closed_) return;
    const auto self = std::static_pointer_cast<Session>(shared_from_this());
    if (preparing_) {
        watch_->want(false, false);
        server_.calls_.spawn(prepare(self));
        return;
    }
    handling_ = true;
    if (what.write) {
        write_blocked_ = false;
        flush();
    }
    if (what.read && may_read()) read();
    handling_ = false;
    if (!closed_) flush();
    watch();
    // What the connection has read ahead is not seen by the watch.
    if (!closed_ && may_read() && connection_->has_pending())
        Loop::current().post([self] { self->ready({.read = true}); });
}

void Session::read() {
    // What is left of an earlier read comes first.
    take_frames();
    if (!may_read()) return;
    switch (reader_.fill(*connection_)) {
        case FrameReader::Read::nothing:
            return;
        case FrameReader::Read::ended:
            end(nullptr);
            return;
        case FrameReader::Read::more:
            break;
    }
    heard_ = Loop::current().now();
    unanswered_ = 0;
    take_frames();
}

void Session::take_frames() {
    while (may_read()) {
        auto frame = reader_.next();
        if (!frame) break;
        take(std::move(*frame));
    }
    if (closed_) return;
    held_back_ = !may_read();
    if (reader_.is_hostile()) {
        end("sent something that is no message");
        return;
    }
    reader_.rest();
}

void Session::take(RawFrame frame) {
    XdrReader in(frame.header);
    const MessageHeader header = decode_header(in);
    switch (header.type) {
        case MessageType::call:
        case MessageType::call_with_fds:
            take_call(header, frame);
            return;
        case MessageType::stream:
        case MessageType::stream_hole:
            take_stream_packet(header, frame.payload);
            return;
        case MessageType::message:
            if (header.prog == protocol::keepalive_program) take_keepalive(header);
            return;
        default:
            return;  // whatever else comes has no meaning here, and is passed over as the peer does
    }
}

void Session::take_keepalive(const MessageHeader& header) {
    if (header.vers != protocol::keepalive_version || header.proc != protocol::keepalive_ping) return;
    client_asks_ = true;
    // Whoever does not read what waits for him will have other signs of life when he does.
    if (outgoing_.bytes() >= outgoing_pause()) return;
    outgoing_.push(encode_keepalive(protocol::keepalive_pong));
    want_flush();
}

std::size_t Session::outgoing_pause() const {
    return authenticated_ ? limits().outgoing_pause : limits().anonymous_outgoing;
}

bool Session::may_begin() const {
    return in_progress_ < limits().max_client_requests && outgoing_.bytes() < outgoing_pause();
}

/// Those that no handler takes are closed at once, rather than when the call's turn comes.
void Session::drop_unwanted(const MessageHeader& header, std::vector<Fd>& descriptors) const {
    if (descriptors.empty()) return;
    const protocol::Program* program = server_.offered(header.prog, header.vers);
    const protocol::Procedure* row = program != nullptr ? program->find(header.proc) : nullptr;
    const bool wanted = row != nullptr && authenticated_ && !read_only() &&
                        (row->fds == protocol::FdDirection::call || row->fds == protocol::FdDirection::both);
    if (!wanted) descriptors.clear();
}

void Session::take_call(const MessageHeader& header, RawFrame& frame) {
    std::string_view payload = frame.payload;
    // The number of descriptors, which the reader has seen already.
    if (header.type == MessageType::call_with_fds) payload.remove_prefix(4);
    drop_unwanted(header, frame.descriptors);
    if (waiting_.empty() && may_begin()) {
        begin(header, payload, std::move(frame.descriptors));
        return;
    }
    waiting_bytes_ += payload.size();
    waiting_.push_back({header, std::string(payload), std::move(frame.descriptors)});
}

void Session::want_flush() {
    if (handling_ || flush_wanted_ || closed_) return;
    flush_wanted_ = true;
    server_.want_flush(*this);
}

void Session::flush() {
    flush_wanted_ = false;
    if (closed_ || write_blocked_) return;
    if (!outgoing_.empty()) {
        switch (outgoing_.flush(*connection_)) {
            case Connection::Result::Kind::ended:
                end(nullptr);
                return;
            case Connection::Result::Kind::would_block:
                write_blocked_ = true;
                break;
            case Connection::Result::Kind::done:
                break;
        }
        if (outgoing_.bytes() < outgoing_pause()) {
            for (Wait* writer : writers_) writer->wake();
            if (!relays_.empty()) pause_relays(false);
            if (!waiting_.empty()) {
                const bool outer = std::exchange(handling_, true);
                begin_waiting();
                handling_ = outer;
                if (!closed_ && !write_blocked_ && !outgoing_.empty()) want_flush();
            }
        }
    }
    if (closing_ && outgoing_.empty() && in_progress_ == 0) {
        end(nullptr);
        return;
    }
    watch();
}

void Session::start_keepalive() {
    if (asks_ || limits().keepalive_interval.count() <= 0) return;
    asks_ = true;
    keepalive_ = Loop::current().at(heard_ + limits().keepalive_interval, [this] { keepalive_due(); });
}

void Session::keepalive_due() {
    const auto now = Loop::current().now();
    const auto interval = limits().keepalive_interval;
    if (!may_read()) {
        // It is we who do not listen now: its silence says nothing, and ours shall not cut it off.
        unanswered_ = 0;
        heard_ = now;
        if (client_asks_ && !closed_ && outgoing_.bytes() < outgoing_pause())
            outgoing_.push(encode_keepalive(protocol::keepalive_pong));
    } else if (now - heard_ >= interval) {
        if (unanswered_ >= limits().keepalive_count) {
            end("does not answer");
            return;
        }
        ++unanswered_;
        outgoing_.push(encode_keepalive(protocol::keepalive_ping));
    } else {
        keepalive_ = Loop::current().at(heard_ + interval, [this] { keepalive_due(); });
        return;
    }
    want_flush();
    keepalive_ = Loop::current().at(now + interval, [this] { keepalive_due(); });
}

// The end

std::uint64_t Session::on_close(std::move_only_function<void()> gone) {
    const auto number = next_on_close_++;
    if (closed_)
        gone();
    else
        on_close_.emplace(number, std::move(gone));
    return number;
}

void Session::cancel_on_close(std::uint64_t number) { on_close_.erase(number); }

void Session::end(const char* why) {
    if (closed_) return;
    const auto self = shared_from_this();
    closed_ = true;
    sasl_.reset();
    if (why != nullptr) log::warning("client {} {}: its connection is closed", id_, why);
    watch_.reset();
    // Calls in progress keep the session, but not the client's connection.
    if (!in_pool_) connection_->close();
    // Timers are not destroyed here: this may be one's own call.
    waiting_.clear();
    held_events_.clear();
    outgoing_ = {};
    for (Wait* writer : writers_) writer->wake();
    while (!streams_.empty()) {
        const auto first = streams_.begin();
        if (first->second.stream != nullptr)
            first->second.stream->abandon();
        else
            streams_.erase(first);
    }
    for (const auto& [upstream, relay] : std::exchange(relays_, {})) relay->drop();
    auto gone = std::exchange(on_close_, {});
    for (auto& [number, call] : gone) call();
    server_.gone(*this);
}

}  // namespace innkeeper::rpc
