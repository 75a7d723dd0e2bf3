#include "rpc/server/stream.h"

#include <algorithm>

#include "rpc/codec/frame.h"

namespace innkeeper::rpc {

namespace {

Error aborted() {
    return Error(ErrorCode::operation_aborted, ErrorDomain::streams, "stream aborted at client request");
}

}  // namespace

ServerStream::ServerStream(std::shared_ptr<Session> session, const protocol::Procedure& row, std::uint32_t serial,
                           bool sparse)
    : session_(std::move(session)), row_(row), serial_(serial), sparse_(sparse) {}

ServerStream::~ServerStream() {
    if (state_ == State::open) fail(Error(ErrorCode::internal_error, ErrorDomain::streams, "stream was given up"));
    const auto at = session_->streams_.find({row_.program, row_.number, serial_});
    // What is completed still answers the client's finish.
    if (at != session_->streams_.end() && at->second.stream == this) at->second.stream = nullptr;
    drop_incoming();
}

std::size_t ServerStream::size_of(const Chunk& chunk) {
    const auto* data = std::get_if<std::string>(&chunk);
    return sizeof(Chunk) + (data != nullptr ? data->size() : 0);
}

void ServerStream::drop_incoming() {
    for (const auto& chunk : incoming_) session_->stream_bytes_ -= size_of(chunk);
    incoming_.clear();
    session_->watch();
}

/// It has ended.
void ServerStream::forget() {
    session_->streams_.erase({row_.program, row_.number, serial_});
    ended_.set();
}

void ServerStream::wake() {
    if (waiting_ != nullptr) waiting_->wake();
}

void ServerStream::check_open() const {
    if (state_ == State::ended) throw aborted();
}

void ServerStream::take(Chunk chunk) {
    if (discarding_ || client_finished_ || state_ != State::open) return;
    session_->stream_bytes_ += size_of(chunk);
    incoming_.push_back(std::move(chunk));
    wake();
}

void ServerStream::client_finished() {
    client_finished_ = true;
    if (state_ == State::completed) {
        state_ = State::open;
        complete();
    }
    wake();
}

void ServerStream::abandon() {
    if (state_ == State::ended) return;
    state_ = State::ended;
    forget();
    drop_incoming();
    wake();
    for (Wait* writer : session_->writers_) writer->wake();
}

Task<std::optional<Chunk>> ServerStream::read() {
    for (;;) {
        check_open();
        if (!incoming_.empty()) {
            Chunk chunk = std::move(incoming_.front());
            session_->stream_bytes_ -= size_of(chunk);
            incoming_.pop_front();
            session_->watch();
            co_return std::optional<Chunk>(std::move(chunk));
        }
        if (client_finished_) co_return std::nullopt;
        Wait wait;
        waiting_ = &wait;
        struct Reset {
            Wait** slot;
            ~Reset() { *slot = nullptr; }
        } reset{&waiting_};
        co_await wait;
    }
}

Task<> ServerStream::finished() {
    discarding_ = true;
    drop_incoming();
    while (!client_finished_) {
        check_open();
        Wait wait;
        waiting_ = &wait;
        struct Reset {
            Wait** slot;
            ~Reset() { *slot = nullptr; }
        } reset{&waiting_};
        co_await wait;
    }
    check_open();
}

/// Until the client has read most of what waits for it.
Task<> ServerStream::room() {
    const auto session = session_;
    while (state_ != State::ended && session->outgoing_.bytes() >= session->limits().outgoing_pause) {
        Wait wait;
        session->writers_.push_back(&wait);
        struct Leave {
            Session& session;
            Wait* wait;
            ~Leave() { std::erase(session.writers_, wait); }
        } leave{*session, &wait};
        co_await wait;
    }
    check_open();
}

Task<> ServerStream::write(std::string data) {
    co_await room();
    const auto header = stream_header(row_, serial_, MessageStatus::continue_);
    for (std::size_t at = 0; at < data.size(); at += stream_packet_max) {
        if (at > 0) co_await room();
        const auto part = std::string_view(data).substr(at, stream_packet_max);
        std::string packet;
        packet.reserve(frame_min + part.size());
        FrameWriter frame(packet, header);
        frame.put_raw(part);
        frame.finish();
        session_->outgoing_.push(std::move(packet));
        session_->want_flush();
    }
    // What is written when this returns is on its way, so that a source is read at the client's pace.
    co_await room();
}

Task<> ServerStream::write_hole(std::int64_t length) {
    if (!sparse_) throw Error(ErrorCode::internal_error, ErrorDomain::streams, "a hole in a stream without holes");
    co_await room();
    session_->outgoing_.push(encode_stream_hole(row_, serial_, length));
    session_->want_flush();
}

Task<> ServerStream::finish_writing() {
    co_await room();
    session_->outgoing_.push(encode_stream(row_, serial_, MessageStatus::continue_));
    session_->want_flush();
}

void ServerStream::complete() {
    if (state_ != State::open) return;
    drop_incoming();
    if (!client_finished_) {
        state_ = State::completed;
        return;
    }
    state_ = State::ended;
    forget();
    if (session_->is_closed()) return;
    session_->outgoing_.push(encode_stream(row_, serial_, MessageStatus::ok));
    session_->want_flush();
}

void ServerStream::fail(Error error) {
    if (state_ == State::ended) return;
    state_ = State::ended;
    forget();
    drop_incoming();
    wake();
    if (session_->is_closed()) return;
    error.set_domain_if_none(row_.domain);
    session_->outgoing_.push(encode_stream_error(row_, serial_, error));
    session_->want_flush();
}

}  // namespace innkeeper::rpc
