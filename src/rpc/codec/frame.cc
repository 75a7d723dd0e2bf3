#include "rpc/codec/frame.h"
#include "base/no_domain.h"

#include <bit>
#include <cstring>

namespace innkeeper::rpc {

std::optional<std::uint32_t> frame_length(std::string_view word) {
    XdrReader in(word);
    const std::uint32_t length = in.get_uint32();
    if (length < frame_min || length > frame_max) return std::nullopt;
    return length;
}

MessageHeader decode_header(XdrReader& in) { return decoded<MessageHeader>(in); }

FrameWriter::FrameWriter(std::string& out, const MessageHeader& header) : out_(out), begin_(out.size()), body_(out) {
    body_.put_uint32(0);
    header.encode(body_);
}

void FrameWriter::finish() {
    const std::size_t length = out_.size() - begin_;
    if (length > frame_max) throw Error(ErrorCode::rpc, ErrorDomain::rpc, "Unable to encode message payload");
    const auto word = std::byteswap(static_cast<std::uint32_t>(length));
    std::memcpy(out_.data() + begin_, &word, sizeof word);
    finished_ = true;
}

MessageHeader reply_header(const MessageHeader& call, MessageStatus status, MessageType type) {
    MessageHeader header = call;
    header.type = type;
    header.status = status;
    return header;
}

MessageHeader event_header(const protocol::Procedure& row) {
    return {.prog = row.program,
            .vers = row.version,
            .proc = row.number,
            .type = MessageType::message,
            .serial = event_serial,
            .status = MessageStatus::ok};
}

MessageHeader keepalive_header(std::int32_t procedure) {
    return {.prog = protocol::keepalive_program,
            .vers = protocol::keepalive_version,
            .proc = procedure,
            .type = MessageType::message,
            .serial = 0,
            .status = MessageStatus::ok};
}

MessageHeader stream_header(const protocol::Procedure& row, std::uint32_t serial, MessageStatus status,
                            MessageType type) {
    return {
        .prog = row.program, .vers = row.version, .proc = row.number, .type = type, .serial = serial, .status = status};
}

namespace {

std::string whole(const MessageHeader& header, std::string_view payload) {
    std::string out;
    out.reserve(frame_min + payload.size());
    FrameWriter frame(out, header);
    frame.put_raw(payload);
    frame.finish();
    return out;
}

}  // namespace

std::string encode_reply(const MessageHeader& call, std::string_view results) {
    return whole(reply_header(call), results);
}

std::string encode_error_reply(const MessageHeader& call, const Error& error) {
    return whole(reply_header(call, MessageStatus::error), encoded(wire_error(error)));
}

std::string encode_event(const protocol::Procedure& row, std::string_view payload) {
    return whole(event_header(row), payload);
}

std::string encode_keepalive(std::int32_t procedure) { return whole(keepalive_header(procedure), {}); }

std::string encode_stream(const protocol::Procedure& row, std::uint32_t serial, MessageStatus status,
                          std::string_view data) {
    return whole(stream_header(row, serial, status), data);
}

std::string encode_stream_error(const protocol::Procedure& row, std::uint32_t serial, const Error& error) {
    return whole(stream_header(row, serial, MessageStatus::error), encoded(wire_error(error)));
}

std::string encode_stream_hole(const protocol::Procedure& row, std::uint32_t serial, std::int64_t length) {
    return whole(stream_header(row, serial, MessageStatus::continue_, MessageType::stream_hole),
                 encoded(protocol::StreamHole{.length = length, .flags = 0}));
}

protocol::WireError wire_error(const Error& error) {
    constexpr std::int32_t level_error = 2;
    return {.code = static_cast<std::int32_t>(error.code()),
            .domain = error.domain() == no_domain ? 0 : static_cast<std::int32_t>(error.domain()),
            .message = error.message(),
            .level = level_error,
            .str1 = error.str1(),
            .str2 = error.str2(),
            .str3 = error.str3(),
            .int1 = error.int1(),
            .int2 = error.int2()};
}

}  // namespace innkeeper::rpc
