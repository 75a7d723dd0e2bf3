#include "rpc/client/client.h"

#include "base/error.h"
#include "protocol/remote/connect.h"

namespace innkeeper::rpc {

namespace {

Error gone() { return Error(ErrorCode::internal_error, ErrorDomain::rpc, "client socket is closed"); }

Error received(std::string_view payload) {
    const auto wire = decoded<protocol::WireError>(payload);
    return Error::received(static_cast<ErrorCode>(wire.code), static_cast<ErrorDomain>(wire.domain),
                           {.message = wire.message.value_or(""),
                            .str1 = wire.str1,
                            .str2 = wire.str2,
                            .str3 = wire.str3,
                            .int1 = wire.int1,
                            .int2 = wire.int2});
}

/// Names the one who waits for as long as he does.
struct Waiting {
    Wait*& slot;
    Waiting(Wait*& place, Wait& wait) : slot(place) { slot = &wait; }
    ~Waiting() { slot = nullptr; }
};

}  // namespace

Client::Client(std::unique_ptr<Connection> connection) : connection_(std::move(connection)) {
    watch_ = std::make_unique<Watch>(connection_->descriptor(), [this](Watch::Ready what) { ready(what); });
    watch_->want(true, false);
}

Client::~Client() { end(); }

std::shared_ptr<Client> Client::over(std::unique_ptr<Connection> connection) {
    return std::shared_ptr<Client>(new Client(std::move(connection)));
}

Task<std::shared_ptr<Client>> Client::open(std::string socket, std::string uri, bool read_only) {
    auto client = over(connect_unix(socket));
    co_await client->call<protocol::remote::AuthList>();
    protocol::remote::ConnectOpenArgs args;
    args.name = std::move(uri);
    args.flags = read_only ? 1 : 0;
    co_await client->call<protocol::remote::ConnectOpen>(std::move(args));
    co_return client;
}

Task<std::string> Client::exchange(const protocol::Procedure& row, std::uint32_t serial, std::string args,
                                   std::vector<Fd> descriptors, std::vector<Fd>* answered_with) {
    const auto self = shared_from_this();
    if (closed_) throw gone();
    Pending pending;
    if (!pending_.emplace(serial, &pending).second)
        throw Error(ErrorCode::internal_error, ErrorDomain::rpc, "too many calls at a time");
    struct Leave {
        Client& client;
        std::uint32_t serial;
        ~Leave() { client.pending_.erase(serial); }
    } leave{*this, serial};
    MessageHeader header{.prog = row.program,
                         .vers = row.version,
                         .proc = row.number,
                         .type = descriptors.empty() ? MessageType::call : MessageType::call_with_fds,
                         .serial = serial,
                         .status = MessageStatus::ok};
    std::string message;
    {
        FrameWriter frame(message, header);
        if (!descriptors.empty()) frame.body().put_uint32(static_cast<std::uint32_t>(descriptors.size()));
        frame.put_raw(args);
        frame.finish();
    }
    outgoing_.push(std::move(message));
    if (!descriptors.empty()) outgoing_.push_descriptors(std::move(descriptors));
    flush();
    if (!pending.answered && !closed_) co_await pending.wait;
    if (pending.error) throw Error(*pending.error);
    if (!pending.answered) throw gone();
    if (answered_with != nullptr) *answered_with = std::move(pending.descriptors);
    co_return std::move(pending.payload);
}

std::shared_ptr<ClientStream> Client::add_stream(const protocol::Procedure& row, std::uint32_t serial) {
    auto stream = std::make_shared<ClientStream>(shared_from_this(), row, serial);
    streams_[{row.number, serial}] = stream.get();
    return stream;
}

void Client::add_event(const protocol::Procedure& row, std::move_only_function<void(XdrReader&)> handle) {
    events_[{row.program, row.number}] = std::move(handle);
}

void Client::ready(Watch::Ready what) {
    const auto self = weak_from_this().lock();
    if (!self) return;
    if (what.write) flush();
    if (!what.read || closed_ || paused_) return;
    if (reader_.fill(*connection_) == FrameReader::Read::ended) {
        end();
        return;
    }
    while (!closed_) {
        auto frame = reader_.next();
        if (!frame) break;
        take(*frame);
    }
    if (closed_) return;
    if (reader_.is_hostile()) end();
    reader_.rest();
}

void Client::take(RawFrame& frame) {
    XdrReader in(frame.header);
    const MessageHeader header = decode_header(in);
    std::string_view payload = frame.payload;
    const bool own = (header.type == MessageType::reply || header.type == MessageType::reply_with_fds) &&
                     pending_.contains(header.serial);
    if (other_ && !own && header.prog != protocol::keepalive_program) {
        other_(frame, header);
        return;
    }
    switch (header.type) {
        case MessageType::reply_with_fds:
            payload.remove_prefix(4);
            [[fallthrough]];
        case MessageType::reply: {
            const auto at = pending_.find(header.serial);
            if (at == pending_.end()) return;
            Pending& pending = *at->second;
            pending.answered = true;
            if (header.status == MessageStatus::error)
                pending.error = received(payload);
            else
                pending.payload = payload;
            pending.descriptors = std::move(frame.descriptors);
            pending.wait.wake();
            return;
        }
        case MessageType::message: {
            if (header.prog == protocol::keepalive_program) {
                if (header.proc == protocol::keepalive_ping) {
                    outgoing_.push(encode_keepalive(protocol::keepalive_pong));
                    flush();
                }
                return;
            }
            const auto at = events_.find({header.prog, header.proc});
            if (at == events_.end()) return;
            XdrReader body(payload);
            at->second(body);
            return;
        }
        case MessageType::stream:
        case MessageType::stream_hole:
            take_stream(header, payload);
            return;
        default:
            end();
    }
}

void Client::take_stream(const MessageHeader& header, std::string_view payload) {
    const auto at = streams_.find({header.proc, header.serial});
    if (at == streams_.end()) return;
    ClientStream& stream = *at->second;
    if (header.type == MessageType::stream_hole) {
        stream.incoming_.emplace_back(Hole{decoded<protocol::StreamHole>(payload).length});
    } else if (header.status == MessageStatus::continue_) {
        if (payload.empty())
            stream.end_of_data_ = true;
        else
            stream.incoming_.emplace_back(std::string(payload));
    } else {
        if (header.status == MessageStatus::error) stream.error_ = received(payload);
        stream.answered_ = true;
        streams_.erase(at);
    }
    stream.wake();
}

void Client::flush() {
    if (closed_) return;
    switch (outgoing_.flush(*connection_)) {
        case Connection::Result::Kind::done:
            watch_->want(!paused_, false);
            if (drained_) drained_();
            return;
        case Connection::Result::Kind::would_block:
            watch_->want(!paused_, true);
            return;
        case Connection::Result::Kind::ended:
            end();
            return;
    }
}

void Client::forward(std::string message, std::vector<Fd> descriptors) {
    if (closed_) return;
    outgoing_.push(std::move(message));
    if (!descriptors.empty()) outgoing_.push_descriptors(std::move(descriptors));
    flush();
}

void Client::pause_reading(bool paused) {
    if (closed_ || paused_ == paused) return;
    paused_ = paused;
    watch_->want(!paused_, !outgoing_.empty());
}

void Client::send_raw(std::string bytes) {
    outgoing_.push(std::move(bytes));
    flush();
}

void Client::end() {
    if (closed_) return;
    closed_ = true;
    watch_.reset();
    for (auto& [serial, pending] : pending_) pending->wait.wake();
    for (auto& [key, stream] : streams_) {
        stream->error_ = gone();
        stream->answered_ = true;
        stream->wake();
    }
    streams_.clear();
    for (Wait* closer : closers_) closer->wake();
    if (drained_) drained_();
    // The daemon is to see the end now, not when the last holder of this object lets go.
    connection_.reset();
}

Task<> Client::closed() {
    const auto self = shared_from_this();
    while (!closed_) {
        Wait wait;
        closers_.push_back(&wait);
        struct Leave {
            std::vector<Wait*>& list;
            Wait* wait;
            ~Leave() { std::erase(list, wait); }
        } leave{closers_, &wait};
        co_await wait;
    }
}

Task<> Client::close() {
    const auto self = shared_from_this();
    if (!closed_) co_await call<protocol::remote::ConnectClose>();
    end();
}

ClientStream::~ClientStream() { client_->streams_.erase({row_.number, serial_}); }

void ClientStream::wake() {
    if (waiting_ != nullptr) waiting_->wake();
}

void ClientStream::write(std::string_view data) {
    for (; !data.empty(); data.remove_prefix(std::min<std::size_t>(data.size(), stream_packet_max)))
        client_->outgoing_.push(
            encode_stream(row_, serial_, MessageStatus::continue_, data.substr(0, stream_packet_max)));
    client_->flush();
}

void ClientStream::write_hole(std::int64_t length) {
    client_->outgoing_.push(encode_stream_hole(row_, serial_, length));
    client_->flush();
}

Task<std::optional<Chunk>> ClientStream::read() {
    for (;;) {
        if (!incoming_.empty()) {
            std::optional<Chunk> chunk(std::move(incoming_.front()));
            incoming_.pop_front();
            co_return chunk;
        }
        if (error_) throw Error(*error_);
        if (end_of_data_ || answered_) co_return std::nullopt;
        Wait wait;
        const Waiting waiting(waiting_, wait);
        co_await wait;
    }
}

Task<> ClientStream::end(MessageStatus status) {
    if (!answered_) {
        client_->outgoing_.push(encode_stream(row_, serial_, status));
        client_->flush();
    }
    while (!answered_) {
        Wait wait;
        const Waiting waiting(waiting_, wait);
        co_await wait;
    }
    if (error_) throw Error(*error_);
}

Task<> ClientStream::finish() { return end(MessageStatus::ok); }
Task<> ClientStream::abort() { return end(MessageStatus::error); }

}  // namespace innkeeper::rpc
