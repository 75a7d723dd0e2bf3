#include "rpc/codec/frame.h"

#include <gtest/gtest.h>

#include "protocol/remote/connect.h"
#include "protocol/remote/domain.h"
#include "protocol/remote/events.h"

using namespace std::string_literals;

namespace innkeeper::rpc {
namespace {

namespace remote = protocol::remote;

MessageHeader call_header() {
    return {.prog = remote::program_number, .vers = 1, .proc = remote::ConnectOpen::number, .serial = 7};
}

struct Message {
    MessageHeader header;
    std::string payload;
};

Message parsed(std::string_view bytes) {
    EXPECT_EQ(frame_length(bytes.substr(0, 4)), bytes.size());
    XdrReader in(bytes.substr(4));
    Message message{decode_header(in), {}};
    message.payload = in.rest();
    return message;
}

TEST(Frame, KnowsWhichLengthsAMessageCanHave) {
    EXPECT_EQ(frame_length("\0\0\0\x1b"s), std::nullopt);
    EXPECT_EQ(frame_length("\0\0\0\x1c"s), 28u);
    EXPECT_EQ(frame_length("\x02\0\0\4"s), 33554436u);
    EXPECT_EQ(frame_length("\x02\0\0\5"s), std::nullopt);
    EXPECT_EQ(frame_length("\xff\xff\xff\xff"s), std::nullopt);
}

TEST(Frame, RepliesRepeatTheirCall) {
    const Message reply = parsed(encode_reply(call_header(), "data"));
    MessageHeader expected = call_header();
    expected.type = MessageType::reply;
    EXPECT_EQ(reply.header, expected);
    EXPECT_EQ(reply.payload, "data");
}

TEST(Frame, ErrorsCarryTheirParts) {
    const Error error(ErrorCode::no_domain, ErrorDomain::qemu, "no domain with matching name 'x'");
    const Message reply = parsed(encode_error_reply(call_header(), error));
    EXPECT_EQ(reply.header.status, MessageStatus::error);
    const auto wire = decoded<protocol::WireError>(reply.payload);
    EXPECT_EQ(wire.code, 42);
    EXPECT_EQ(wire.domain, 10);
    EXPECT_EQ(wire.level, 2);
    EXPECT_EQ(wire.message, "Domain not found: no domain with matching name 'x'");
    EXPECT_EQ(wire.str1, "Domain not found: %s");
    EXPECT_EQ(wire.str2, "no domain with matching name 'x'");
    EXPECT_EQ(wire.str3, std::nullopt);
    EXPECT_EQ(wire.int1, -1);
    EXPECT_EQ(wire.dom, std::nullopt);
}

TEST(Frame, EventsHaveSerialOne) {
    const Message event = parsed(encode_event(remote::DomainEventCallbackLifecycle::row, "x"));
    EXPECT_EQ(event.header.proc, 318);
    EXPECT_EQ(event.header.type, MessageType::message);
    EXPECT_EQ(event.header.serial, 1u);
}

TEST(Frame, KeepaliveHasTheBytesOfThePeer) {
    EXPECT_EQ(encode_keepalive(protocol::keepalive_ping), "\0\0\0\x1ckeep\0\0\0\1\0\0\0\1\0\0\0\2\0\0\0\0\0\0\0\0"s);
}

TEST(Frame, StreamPacketsAreNotPadded) {
    const auto& row = remote::DomainOpenConsole::row;
    const Message packet = parsed(encode_stream(row, 9, MessageStatus::continue_, "abc"));
    EXPECT_EQ(packet.payload, "abc");
    EXPECT_EQ(packet.header.type, MessageType::stream);
    EXPECT_EQ(packet.header.serial, 9u);
    EXPECT_EQ(parsed(encode_stream_hole(row, 9, 512)).payload, "\0\0\0\0\0\0\2\0\0\0\0\0"s);
}

TEST(Frame, TakesItselfOutUnlessFinished) {
    std::string out = "before";
    {
        FrameWriter frame(out, call_header());
        frame.body().put_uint32(1);
    }
    EXPECT_EQ(out, "before");
}

TEST(Frame, IsNotLongerThanAClientTakes) {
    std::string out;
    {
        FrameWriter frame(out, call_header());
        frame.put_raw(std::string(protocol::message_max - protocol::message_header_max, 'x'));
        frame.finish();
    }
    EXPECT_EQ(out.size(), frame_max);
    {
        FrameWriter frame(out, call_header());
        frame.put_raw(std::string(protocol::message_max - protocol::message_header_max + 1, 'x'));
        EXPECT_THROW(frame.finish(), Error);
    }
    EXPECT_EQ(out.size(), frame_max);
}

TEST(Frame, NeedsAWholeHeader) {
    const std::string half(4, '\0');
    XdrReader in(half);
    EXPECT_THROW(decode_header(in), Error);
}

}  // namespace
}  // namespace innkeeper::rpc
