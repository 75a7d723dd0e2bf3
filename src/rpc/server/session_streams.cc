// Packets of streams, between a session's client and who serves them.

#include "rpc/server/relay.h"
#include "rpc/server/server.h"
#include "rpc/server/session.h"
#include "rpc/server/stream.h"

namespace innkeeper::rpc {

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

}  // namespace innkeeper::rpc
