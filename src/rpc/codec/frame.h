#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "protocol/transport.h"
#include "rpc/codec/xdr.h"

/// Messages as they stand in the byte stream: a length word, the header, the payload (WIRE.md, section 2).
namespace innkeeper::rpc {

using protocol::MessageHeader;
using protocol::MessageStatus;
using protocol::MessageType;

inline constexpr std::uint32_t frame_length_size = 4;
inline constexpr std::uint32_t frame_min = frame_length_size + protocol::message_header_max;
inline constexpr std::uint32_t frame_max = frame_length_size + protocol::message_max;
/// No stream packet of ours carries more, so that clients of any age take it.
inline constexpr std::uint32_t stream_packet_max = protocol::message_legacy_payload_max;
/// Events carry it; keepalive has 0, replies repeat their call's.
inline constexpr std::uint32_t event_serial = 1;

/// The length of the message that begins with these four bytes, the length word included. Nothing if no message can
/// have it: then the connection is beyond repair.
std::optional<std::uint32_t> frame_length(std::string_view word);

/// What follows the length word. Throws Error when there is too little; unknown types and statuses are the caller's.
MessageHeader decode_header(XdrReader& in);

/// Writes one message to the end of a buffer: header first, then whatever is put into body(), and with finish() the
/// length. Unless finished it takes itself out again.
class FrameWriter {
  public:
    FrameWriter(std::string& out, const MessageHeader& header);
    ~FrameWriter() {
        if (!finished_) out_.resize(begin_);
    }
    FrameWriter(const FrameWriter&) = delete;
    FrameWriter& operator=(const FrameWriter&) = delete;

    XdrWriter& body() { return body_; }
    /// For bytes that are not padded: those of streams, and payloads encoded before.
    void put_raw(std::string_view bytes) { out_.append(bytes); }
    /// Throws Error(rpc) when the message is longer than a client takes.
    void finish();

  private:
    std::string& out_;
    std::size_t begin_;
    XdrWriter body_;
    bool finished_ = false;
};

/// The header of the answer to a call.
MessageHeader reply_header(const MessageHeader& call, MessageStatus status = MessageStatus::ok,
                           MessageType type = MessageType::reply);
MessageHeader event_header(const protocol::Procedure& row);
MessageHeader keepalive_header(std::int32_t procedure);
/// A packet of the stream that was opened by a call of `row` with this serial.
MessageHeader stream_header(const protocol::Procedure& row, std::uint32_t serial, MessageStatus status,
                            MessageType type = MessageType::stream);

/// Whole messages.
std::string encode_reply(const MessageHeader& call, std::string_view results);
std::string encode_error_reply(const MessageHeader& call, const Error& error);
std::string encode_event(const protocol::Procedure& row, std::string_view payload);
std::string encode_keepalive(std::int32_t procedure);
/// Data when `status` is continue_ (none: the end of data), the end of the stream when it is ok.
std::string encode_stream(const protocol::Procedure& row, std::uint32_t serial, MessageStatus status,
                          std::string_view data = {});
std::string encode_stream_error(const protocol::Procedure& row, std::uint32_t serial, const Error& error);
std::string encode_stream_hole(const protocol::Procedure& row, std::uint32_t serial, std::int64_t length);

/// An error as it travels.
protocol::WireError wire_error(const Error& error);

}  // namespace innkeeper::rpc
