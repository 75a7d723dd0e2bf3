#include "rpc/server/session.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "access/sasl.h"
#include "base/log.h"
#include "loop/pool.h"
#include "rpc/server/call.h"
#include "rpc/server/client_scope.h"
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

void Session::begin_waiting() {
    while (!closed_ && !closing_ && !waiting_.empty() && may_begin()) {
        WaitingCall call = std::move(waiting_.front());
        waiting_.pop_front();
        waiting_bytes_ -= call.payload.size();
        begin(call.header, call.payload, std::move(call.descriptors));
    }
}

void Session::take_stream_packet(const MessageHeader& header, std::string_view payload) {
    const StreamKey key{header.prog, header.proc, header.serial};
    const auto at = streams_.find(key);
    if (at == streams_.end()) {
        for (const auto& [upstream, relay] : relays_)
            if (relay->has_stream(header)) {
                relay->forward_packet(header, payload);
                return;
            }
        return;
    }
    const protocol::Procedure& row = *at->second.row;
    ServerStream* stream = at->second.stream;
    if (header.type == MessageType::stream_hole) {
        if (stream == nullptr) return;
        if (!stream->is_sparse()) {
            end("sent a hole in a stream without holes");
            return;
        }
        try {
            const auto hole = decoded<protocol::StreamHole>(payload);
            if (hole.length < 1 || hole.flags != 0)
                throw Error(ErrorCode::rpc, ErrorDomain::rpc, "Unable to decode message payload");
            stream->take(Hole{hole.length});
        } catch (const Error& error) {
            stream->fail(error);
        }
        return;
    }
    switch (header.status) {
        case MessageStatus::continue_:
            if (stream != nullptr && !payload.empty()) stream->take(std::string(payload));
            return;
        case MessageStatus::ok:
            if (stream != nullptr) {
                stream->client_finished();
            } else {
                streams_.erase(at);
                outgoing_.push(encode_stream(row, header.serial, MessageStatus::ok));
                want_flush();
            }
            return;
        case MessageStatus::error:
            if (stream != nullptr)
                stream->abandon();
            else
                streams_.erase(at);
            outgoing_.push(encode_stream(row, header.serial, MessageStatus::ok));
            want_flush();
            return;
    }
}

// Calls

void Session::begin(const MessageHeader& header, std::string_view payload, std::vector<Fd> descriptors) {
    std::unique_ptr<Call> call;
    if (server_.spare_.empty()) {
        call = std::make_unique<Call>();
    } else {
        call = std::move(server_.spare_.back());
        server_.spare_.pop_back();
    }
    call->header = header;
    call->caller.serial = header.serial;
    if (!descriptors.empty()) call->caller.fds = std::make_shared<std::vector<Fd>>(std::move(descriptors));
    std::optional<Task<>> later;
    try {
        dispatch(*call, payload, later);
        if (later) {
            ++in_progress_;
            auto self = std::static_pointer_cast<Session>(shared_from_this());
            server_.calls_.spawn(finish(std::move(self), std::move(call), std::move(*later)));
            return;
        }
        if (!call->relayed) reply(*call);
    } catch (...) {
        reply_error(*call, std::current_exception());
    }
    call->clear();
    if (server_.spare_.size() < 64) server_.spare_.push_back(std::move(call));
}

void Session::dispatch(Call& call, std::string_view payload, std::optional<Task<>>& later) {
    const MessageHeader& header = call.header;
    const protocol::Program* program = server_.offered(header.prog, header.vers);
    if (program == nullptr) throw unknown_program(header.prog, header.vers);
    if (header.status != MessageStatus::ok)
        throw Error(ErrorCode::rpc, ErrorDomain::rpc,
                    fmt::format("Unexpected message status {}", static_cast<std::int32_t>(header.status)));
    const protocol::Procedure* row = program->find(header.proc);
    if (row == nullptr) throw unknown_procedure(header.proc);
    if (!authenticated_ && !row->name.starts_with("auth_"))
        throw Error(ErrorCode::rpc, ErrorDomain::rpc, "authentication required");
    call.row = row;
    call.caller.row = row;
    // Names only: arguments may hold secrets.
    log::debug("client {} calls {} {}", id_, program->name, row->name);
    if (row->needs_write.kind == protocol::Condition::Kind::always && authenticated_) log_change(*row);
    call.caller.session = shared_from_this();
    if (row->fds == protocol::FdDirection::reply || row->fds == protocol::FdDirection::both)
        call.caller.reply_fds = std::make_shared<std::vector<Fd>>();

    if (const auto own = server_.own_.find(*row)) {
        invoke(call, **own, payload, later);
        return;
    }
    if (!opened_) throw Error(ErrorCode::internal_error, ErrorDomain::rpc, "hypervisor connection not open");
    const auto found = opened_->drivers->find(*row);
    if (!found || found->handler == nullptr) {
        using enum protocol::Condition::Kind;
        const auto kind = row->needs_write.kind;
        XdrReader in(payload);
        check_access(call.caller, *row,
                     kind == never || kind == always ? protocol::AccessValues() : row->facts(in).values);
    }
    if (!found) throw unsupported(*row);
    call.domain = found->part.domain;
    if (found->handler == nullptr) {
        relay_to(found->part.upstream)
            ->forward(header, payload, call.caller.fds ? std::move(*call.caller.fds) : std::vector<Fd>(),
                      row->stream != protocol::StreamDirection::none);
        call.relayed = true;
        return;
    }
    invoke(call, *found->handler, payload, later);
    if (later) call.drivers = opened_->drivers;
}

void Session::invoke(Call& call, const Handler& handler, std::string_view payload, std::optional<Task<>>& later) {
    XdrReader in(payload);
    const auto& row = *call.row;
    auto guarded = opened_ && row.facts != nullptr ? guard(opened_->drivers) : std::nullopt;
    if (!guarded) {
        later = handler.invoke(call.caller, in, call.writer);
        return;
    }
    check_access(call.caller, row, row.facts(in).values);
    later = call_if_allowed(std::move(*guarded), call.caller, &handler, std::string(payload), &call.writer);
}

std::optional<Guard> Session::guard(const std::shared_ptr<const DriverSet>& drivers) const {
    if (server_.permissions_ == nullptr || drivers->access_name.empty() || !server_.permissions_->concern(identity()))
        return std::nullopt;
    return Guard{*server_.permissions_, drivers};
}

Task<> Session::demand_opening(const protocol::Procedure& row, std::shared_ptr<const DriverSet> drivers) {
    if (auto guarded = guard(drivers)) co_await ask_for_connection(std::move(*guarded), identity(), &row);
}

Task<> Session::finish(std::shared_ptr<Session> self, std::unique_ptr<Call> call, Task<> work) {
    std::exception_ptr error;
    bool cancelled = false;
    try {
        co_await std::move(work);
    } catch (const Cancelled&) {
        cancelled = true;
    } catch (...) {
        error = std::current_exception();
    }
    --self->in_progress_;
    if (self->closed_ || cancelled) co_return;
    if (!error) {
        try {
            self->reply(*call);
        } catch (...) {
            error = std::current_exception();
        }
    }
    if (error) self->reply_error(*call, error);
    self->begin_waiting();
    self->watch();
}

void Session::reply(Call& call) {
    std::string& out = outgoing_.tail();
    const auto& fds = call.caller.reply_fds;
    if (fds && !fds->empty()) {
        if (!connection_->carries_descriptors())
            throw Error(
                ErrorCode::operation_unsupported, ErrorDomain::rpc,
                fmt::format("{} answers with a file descriptor, which only a UNIX socket can carry", call.row->api));
        FrameWriter frame(out, reply_header(call.header, MessageStatus::ok, MessageType::reply_with_fds));
        frame.body().put_uint32(static_cast<std::uint32_t>(fds->size()));
        frame.put_raw(call.results);
        frame.finish();
        outgoing_.push_descriptors(std::move(*fds));
    } else if (call.results.size() <= 4096) {
        FrameWriter frame(out, reply_header(call.header));
        frame.put_raw(call.results);
        frame.finish();
    } else {
        outgoing_.push(encode_reply(call.header, call.results));
    }
    if (layer_) put_layer_on();
    want_flush();
}

void Session::put_layer_on() {
    connection_ = layered(std::move(connection_), std::move(layer_), outgoing_.bytes());
    // The client cannot have wrapped anything before it knew that it should.
    if (reader_.held() > 0) end("did not wait for the end of its authentication");
}

void Session::reply_error(const Call& call, std::exception_ptr failure) {
    // A call that fails has no stream.
    if (const auto at = streams_.find({call.header.prog, call.header.proc, call.header.serial}); at != streams_.end()) {
        if (at->second.stream != nullptr)
            at->second.stream->abandon();
        else
            streams_.erase(at);
    }
    try {
        std::rethrow_exception(failure);
    } catch (const Error& thrown) {
        Error error = thrown;
        error.set_domain_if_none(call.domain);
        outgoing_.push(encode_error_reply(call.header, error));
    } catch (const std::exception& thrown) {
        log::error("{} failed: {}", call.row != nullptr ? call.row->name : "a call", thrown.what());
        outgoing_.push(
            encode_error_reply(call.header, Error(ErrorCode::internal_error, call.domain, std::string(thrown.what()))));
    }
    want_flush();
}

// Writing

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

/// One after the other, in the order in which they happened.
struct Session::HeldEvent {
    const protocol::Procedure& row;
    std::shared_ptr<const std::string> payload;
    std::optional<bool> allowed = std::nullopt;
};

void Session::send_event(const protocol::Procedure& row, std::shared_ptr<const std::string> payload) {
    if (closed_ || closing_) return;
    if (outgoing_.bytes() + held_event_bytes_ + payload->size() > limits().outgoing_most) {
        end("does not read its events");
        return;
    }
    auto guarded = opened_ && !row.acl_filter.empty() ? guard(opened_->drivers) : std::nullopt;
    if (!guarded) {
        put_event(row, *payload);
        return;
    }
    auto event = std::make_shared<HeldEvent>(row, std::move(payload));
    held_event_bytes_ += event->payload->size();
    held_events_.push_back(event);
    auto self = std::static_pointer_cast<Session>(shared_from_this());
    server_.calls_.spawn(ask_about(std::move(self), std::move(event), std::move(*guarded)));
}

Task<> Session::ask_about(std::shared_ptr<Session> self, std::shared_ptr<HeldEvent> event, Guard guard) {
    ClientScope while_there(self, co_await current_scope());
    XdrReader in(*event->payload);
    event->allowed =
        co_await lets_through(std::move(guard), self->identity(), &event->row, event->row.facts(in).subject)
            .under(while_there.scope());
    auto& held = self->held_events_;
    while (!held.empty() && held.front()->allowed) {
        const auto first = std::move(held.front());
        held.pop_front();
        self->held_event_bytes_ -= first->payload->size();
        if (*first->allowed && !self->closing_) self->put_event(first->row, *first->payload);
    }
}

void Session::put_event(const protocol::Procedure& row, const std::string& payload) {
    MessageHeader header = event_header(row);
    std::string& out = outgoing_.tail();
    FrameWriter frame(out, header);
    frame.put_raw(payload);
    frame.finish();
    want_flush();
}

std::shared_ptr<Stream> Session::open_stream(const protocol::Procedure& row, std::uint32_t serial, bool sparse) {
    const StreamKey key{row.program, row.number, serial};
    if (closed_) throw Error(ErrorCode::operation_aborted, ErrorDomain::streams, "the client has gone");
    if (streams_.contains(key) || streams_.size() >= limits().streams)
        throw Error(ErrorCode::operation_failed, ErrorDomain::streams, "too many streams of one client");
    auto stream =
        std::make_shared<ServerStream>(std::static_pointer_cast<Session>(shared_from_this()), row, serial, sparse);
    streams_.emplace(key, StreamEntry{stream.get(), &row});
    return stream;
}

// Keepalive

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
