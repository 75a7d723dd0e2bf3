// Streams (WIRE.md, section 9).

#include "rpc/server/session_fixture.h"

namespace innkeeper::rpc::test {
namespace {

class Streams : public SessionTest {
  protected:
    static std::string packet(std::uint32_t serial, MessageStatus status, std::string_view data = {}) {
        return encode_stream(wire::StorageVolUpload::row, serial, status, data);
    }
    std::uint32_t start_upload(RawClient& client, std::uint32_t flags = 0) {
        driver.upload_gate.set();
        EXPECT_TRUE(client.call<wire::StorageVolUpload>({.flags = flags}).ok());
        return client.serial;
    }
    static void expect_end(const Frame& frame, std::uint32_t serial) {
        EXPECT_EQ(frame.header.type, MessageType::stream);
        EXPECT_EQ(frame.header.status, MessageStatus::ok);
        EXPECT_EQ(frame.header.serial, serial);
        EXPECT_EQ(frame.payload, "");
    }
};

TEST_F(Streams, WritingDataThenFinish) {
    auto client = open();
    const auto serial = start_upload(client);
    client.send(packet(serial, MessageStatus::continue_, "abc") + packet(serial, MessageStatus::continue_) +
                packet(serial, MessageStatus::continue_, "defgh") + packet(serial, MessageStatus::ok));
    expect_end(client.next(), serial);
    EXPECT_EQ(driver.uploaded, "abcdefgh");
    EXPECT_EQ(driver.upload_end, "complete");
    // It is gone: what comes late is dropped.
    client.send(packet(serial, MessageStatus::continue_, "late") + packet(serial, MessageStatus::ok));
    EXPECT_FALSE(client.try_next());
    EXPECT_TRUE(client.call<wire::ConnectGetType>().ok());
}

TEST_F(Streams, AnAbortIsAnsweredAndTheHandlerHearsOfIt) {
    auto client = open();
    const auto serial = start_upload(client);
    client.send(packet(serial, MessageStatus::continue_, "abc") + packet(serial, MessageStatus::error));
    expect_end(client.next(), serial);
    EXPECT_NE(driver.upload_end, "complete");
    EXPECT_NE(driver.upload_end, "");
    EXPECT_FALSE(client.try_next());
}

TEST_F(Streams, AFailureIsToldAtOnceAndNothingElse) {
    auto client = open();
    const auto serial = start_upload(client);
    client.send(packet(serial, MessageStatus::continue_, "FULL"));
    const Frame failure = client.next();
    EXPECT_EQ(failure.header.type, MessageType::stream);
    EXPECT_EQ(failure.header.status, MessageStatus::error);
    EXPECT_EQ(failure.error().code, 38);
    EXPECT_EQ(failure.error().int1, ENOSPC);
    client.send(packet(serial, MessageStatus::ok));
    EXPECT_FALSE(client.try_next());
}

TEST_F(Streams, HolesNeedTheFlag) {
    auto client = open();
    const auto serial = start_upload(client, 1);
    client.send(packet(serial, MessageStatus::continue_, "a") +
                encode_stream_hole(wire::StorageVolUpload::row, serial, 1'000'000'000'000) +
                packet(serial, MessageStatus::ok));
    expect_end(client.next(), serial);
    EXPECT_EQ(driver.uploaded, "a<1000000000000>");

    auto other = open();
    const auto plain = start_upload(other, 0);
    other.send(encode_stream_hole(wire::StorageVolUpload::row, plain, 1));
    EXPECT_TRUE(other.is_closed());
}

TEST_F(Streams, AHoleOfNoLengthFailsTheStream) {
    auto client = open();
    const auto serial = start_upload(client, 1);
    client.send(encode_stream_hole(wire::StorageVolUpload::row, serial, -5));
    EXPECT_EQ(client.next().header.status, MessageStatus::error);
    EXPECT_TRUE(client.call<wire::ConnectGetType>().ok());
}

TEST_F(Streams, OfACallThatFailsThereIsNone) {
    auto client = open();
    driver.upload_gate.set();
    EXPECT_EQ(client.call<wire::StorageVolUpload>({.offset = 13}).error().code, 50);
    client.send(packet(client.serial, MessageStatus::ok));
    EXPECT_FALSE(client.try_next());
}

TEST_F(Streams, WhatTheHandlerDoesNotTakeStopsTheClient) {
    auto client = open();
    EXPECT_TRUE(client.call<wire::StorageVolUpload>({}).ok());
    const auto serial = client.serial;
    const std::string block(200'000, 'u');
    std::string all;
    for (int i = 0; i < 100; ++i) all += packet(serial, MessageStatus::continue_, block);
    client.send(all);
    // 20 MB were sent, but the server took no more than it may, and the socket its share.
    int unsent = 0;
    ASSERT_GE(::send(client.socket.get(), "", 0, MSG_NOSIGNAL), 0);
    std::array<char, 1> byte{};
    while (::send(client.socket.get(), byte.data(), 1, MSG_NOSIGNAL) == 1 && unsent < 1'000'000) ++unsent;
    EXPECT_LT(unsent, 1'000'000);
}

TEST_F(Streams, WhatWasReadAheadIsTakenWhenTheHandlerCatchesUp) {
    auto client = open();
    EXPECT_TRUE(client.call<wire::StorageVolUpload>({}).ok());
    const auto serial = client.serial;
    // A little more than may wait for the handler: the client has sent it all, and waits for the end.
    std::string all;
    for (int i = 0; i < 46; ++i) all += packet(serial, MessageStatus::continue_, std::string(50'000, 'u'));
    client.send(all + packet(serial, MessageStatus::ok));
    EXPECT_FALSE(client.try_next());
    driver.upload_gate.set();
    expect_end(client.next(), serial);
    EXPECT_EQ(driver.uploaded.size(), 46 * 50'000U);
    EXPECT_EQ(driver.upload_end, "complete");
}

TEST_F(Streams, PacketsOutOfOrderEndNobodyButTheStream) {
    auto client = open();
    const auto serial = start_upload(client);
    const auto stranger = serial + 1000;
    // Of a stream that is not there, in every status, and behind the end of one that was.
    for (const auto status : {MessageStatus::continue_, MessageStatus::ok, MessageStatus::error})
        client.send(packet(stranger, status, "x"));
    client.send(encode_stream_hole(wire::StorageVolUpload::row, stranger, 1));
    client.send(packet(serial, MessageStatus::ok) + packet(serial, MessageStatus::continue_, "late") +
                packet(serial, MessageStatus::ok) + packet(serial, MessageStatus::error, "x"));
    expect_end(client.next(), serial);
    EXPECT_EQ(driver.uploaded, "");
    while (const auto frame = client.try_next()) EXPECT_EQ(frame->header.serial, serial);
    // A second call with the number of a stream that is open fails, and takes the stream along.
    driver.upload_gate = Event();
    EXPECT_TRUE(client.call<wire::StorageVolUpload>({}).ok());
    client.send(RawClient::call_bytes<wire::StorageVolUpload>({}, client.serial));
    EXPECT_FALSE(client.next().ok());
    driver.upload_gate.set();
    EXPECT_FALSE(client.try_next());
    EXPECT_TRUE(client.call<wire::ConnectGetType>().ok());
}

TEST_F(Streams, ReadingDataThenItsEndThenFinish) {
    auto client = open();
    const auto serial = client.send_call<wire::StorageVolDownload>({.length = 300'000});
    std::size_t bytes = 0;
    bool replied = false, ended = false;
    // Data may come before the reply of the call that opened the stream.
    while (!replied || !ended) {
        const Frame frame = client.next();
        if (frame.header.type == MessageType::reply) {
            replied = true;
            continue;
        }
        ASSERT_EQ(frame.header.status, MessageStatus::continue_);
        ended = frame.payload.empty();
        bytes += frame.payload.size();
    }
    EXPECT_EQ(bytes, 300'000U);
    client.send(encode_stream(wire::StorageVolDownload::row, serial, MessageStatus::ok));
    expect_end(client.next(), serial);
    EXPECT_EQ(driver.download_end, "complete");
}

TEST_F(Streams, AReaderThatStopsStopsTheSource) {
    auto client = open();
    client.send_call<wire::StorageVolDownload>({.length = 1'000'000'000});
    loop.run_ready();
    EXPECT_LT(driver.downloaded, 4'000'000U);
    const auto before = driver.downloaded;
    for (int i = 0; i < 30; ++i) client.next();
    EXPECT_GT(driver.downloaded, before);
}

TEST_F(Streams, EndWithTheirClient) {
    {
        auto client = open();
        start_upload(client);
        client.send_call<wire::StorageVolDownload>({.length = 1'000'000'000});
        loop.run_ready();
    }
    loop.run_ready();
    EXPECT_NE(driver.upload_end, "");
    EXPECT_NE(driver.download_end, "");
    EXPECT_EQ(server.clients(), 0U);
}

TEST_F(Streams, OfOneClientAreBounded) {
    auto client = open();
    int opened = 0;
    while (client.call<wire::StorageVolUpload>({}).ok() && opened < 1000) ++opened;
    EXPECT_EQ(opened, 64);
}

}  // namespace
}  // namespace innkeeper::rpc::test
