// Calls as they should be, and as they should not (WIRE.md, section 11).

#include "rpc/server/session_fixture.h"

namespace innkeeper::rpc::test {
namespace {

using Calls = SessionTest;

TEST_F(Calls, AreAnsweredWithTheirOwnNumbers) {
    auto client = open();
    client.serial = 0xfffffffe;
    const Frame reply = client.call<wire::ConnectGetType>();
    EXPECT_EQ(decoded<wire::ConnectGetTypeRet>(reply.payload).type, "fake");
    EXPECT_EQ(reply.header.serial, 0xffffffffU);
    EXPECT_EQ(reply.header.type, MessageType::reply);
    EXPECT_EQ(reply.header.proc, wire::ConnectGetType::number);
}

TEST_F(Calls, MayComeByteByByte) {
    auto client = open();
    for (const char byte : RawClient::call_bytes<wire::ConnectGetType>({}, 5)) {
        EXPECT_FALSE(client.try_next());
        client.send({&byte, 1});
    }
    EXPECT_EQ(client.next().header.serial, 5U);
}

TEST_F(Calls, MayComeManyAtATime) {
    auto client = open();
    std::string bytes;
    for (std::uint32_t serial = 0; serial < 1000; ++serial)
        bytes += RawClient::call_bytes<wire::ConnectGetType>({}, serial);
    client.send(bytes);
    for (std::uint32_t serial = 0; serial < 1000; ++serial) ASSERT_EQ(client.next().header.serial, serial);
}

TEST_F(Calls, ThatFailCarryTheErrorInTheDriversDomain) {
    auto client = open();
    const auto error = client.call<wire::DomainDestroy>({}).error();
    EXPECT_EQ(error.code, 55);
    EXPECT_EQ(error.domain, static_cast<int>(ErrorDomain::qemu));
    EXPECT_EQ(error.message, "Requested operation is not valid: domain is not running");
    EXPECT_EQ(error.level, 2);
}

TEST_F(Calls, OfUnknownNumbersAreErrorsAndTheConnectionLives) {
    auto client = open();
    for (const std::int32_t number : {0, -1, wire::DomainEventLifecycle::number, 100'000, INT32_MAX}) {
        client.send(RawClient::message({.prog = wire::program_number, .vers = 1, .proc = number, .serial = 9}, {}));
        const Frame reply = client.next();
        EXPECT_EQ(reply.header.proc, number);
        EXPECT_EQ(reply.error().code, 39);
        EXPECT_EQ(reply.error().domain, 7);
        EXPECT_EQ(reply.error().message, "unknown procedure: " + std::to_string(number));
    }
    EXPECT_TRUE(client.call<wire::ConnectGetType>().ok());
}

TEST_F(Calls, OfUnknownProgramsAreErrors) {
    auto client = open();
    client.send(RawClient::message({.prog = 4660, .vers = 1, .proc = 1, .serial = 3}, {}));
    EXPECT_EQ(client.next().error().message, "Cannot find program 4660 version 1");
    client.send(RawClient::message({.prog = wire::program_number, .vers = 2, .proc = 1, .serial = 3}, {}));
    EXPECT_EQ(client.next().error().code, 39);
    client.send(RawClient::message({.prog = protocol::keepalive_program, .vers = 1, .proc = 1, .serial = 3}, {}));
    EXPECT_EQ(client.next().error().code, 39);
}

TEST_F(Calls, WithAStatusAreErrors) {
    auto client = open();
    client.send(RawClient::message(
        {.prog = wire::program_number, .vers = 1, .proc = 3, .serial = 3, .status = MessageStatus::error}, {}));
    EXPECT_EQ(client.next().error().message, "Unexpected message status 1");
}

TEST_F(Calls, WithABadPayloadAreErrorsAndTheConnectionLives) {
    auto client = open();
    const MessageHeader header{.prog = wire::program_number, .vers = 1, .proc = 1, .serial = 3};
    const std::string bad[] = {
        "",
        std::string("\0\0", 2),
        std::string("\0\0\0\1\377\377\377\377", 8),
        std::string("\0\0\0\1\0\x40\0\1", 8) + std::string(100, 'x'),
    };
    for (const auto& payload : bad) {
        client.send(RawClient::message(header, payload));
        EXPECT_EQ(client.next().error().message, "Unable to decode message payload");
    }
    // More than the arguments is passed over.
    client.send(RawClient::message({.prog = wire::program_number, .vers = 1, .proc = 3, .serial = 3}, "12345678"));
    EXPECT_TRUE(client.next().ok());
}

TEST_F(Calls, BeforeTheOpenAreErrors) {
    auto client = connect();
    EXPECT_EQ(client.call<wire::ConnectGetType>().error().message, "internal error: hypervisor connection not open");
    EXPECT_EQ(client.call<wire::ConnectOpen>({.name = std::nullopt}).error().message,
              "internal error: connection not open");
    EXPECT_EQ(client.call<wire::ConnectOpen>({.name = "none:///"}).error().domain, 0);
    EXPECT_TRUE(client.call<wire::ConnectOpen>({.name = "fake:///", .flags = 0xfffe}).ok());
    EXPECT_EQ(client.call<wire::ConnectOpen>({.name = "fake:///"}).error().code, 1);
    EXPECT_FALSE(client.call<wire::ConnectGetType>().ok());
}

TEST_F(Calls, WithoutAHandlerAreNotSupported) {
    auto client = open();
    const auto error = client.call<wire::ConnectGetMaxVcpus>({}).error();
    EXPECT_EQ(error.code, 3);
    EXPECT_EQ(error.message, "this function is not supported by the connection driver: virConnectGetMaxVcpus");
}

TEST_F(Calls, ThatWriteAreRefusedOnReadOnlyConnections) {
    for (const bool by_flag : {false, true}) {
        auto client = connect({.read_only = !by_flag});
        ASSERT_TRUE(client.call<wire::ConnectOpen>({.name = "fake:///", .flags = by_flag ? 7U : 6U}).ok());
        const auto error = client.call<wire::DomainCreate>({}).error();
        EXPECT_EQ(error.code, 29);
        EXPECT_EQ(error.message, "operation forbidden: read only access prevents virDomainCreate");
        EXPECT_TRUE(client.call<wire::ConnectGetType>().ok());
        EXPECT_EQ(driver.started, 0);
    }
}

TEST_F(Calls, EveryOneThatNeedsWritingIsRefusedWithoutAHandlerToo) {
    auto client = open({.read_only = true});
    int refused = 0;
    for (const auto number : {wire::program_number, protocol::qemu::program_number}) {
        for (const auto& row : protocol::find_program(number)->procedures) {
            if (row.event || row.needs_write.kind != protocol::Condition::Kind::always || driver.table.find(row))
                continue;
            client.send(RawClient::message({.prog = number, .vers = 1, .proc = row.number, .serial = 1}, {}));
            EXPECT_EQ(client.next().error().code, 29) << row.name;
            ++refused;
        }
    }
    EXPECT_GT(refused, 150);
}

TEST_F(Calls, AnswersOfAnyOtherKindAreDropped) {
    auto client = open();
    for (const int type : {1, 2, 3, 6, 7, 99, -1})
        client.send(RawClient::message(
            {.prog = wire::program_number, .vers = 1, .proc = 3, .type = static_cast<MessageType>(type), .serial = 77},
            "12345678abcd"));
    EXPECT_FALSE(client.try_next());
    EXPECT_TRUE(client.call<wire::ConnectGetType>().ok());
}

TEST_F(Calls, BadLengthsCloseTheConnectionAtOnce) {
    for (const std::string_view word : {std::string_view("\0\0\0\0", 4), std::string_view("\0\0\0\x1b", 4),
                                        std::string_view("\2\0\0\5", 4), std::string_view("\377\377\377\377", 4)}) {
        auto client = open();
        client.send(word);
        EXPECT_TRUE(client.is_closed());
    }
}

TEST_F(Calls, ALengthAloneTakesNoMemory) {
    auto client = open();
    client.send(std::string_view("\2\0\0\4", 4));
    client.send(std::string(1000, 'x'));
    EXPECT_FALSE(client.try_next());
    EXPECT_FALSE(client.ended);
    FrameReader reader;
    RawClient other(loop);
    other.send(std::string_view("\2\0\0\4", 4));
    const auto connection = unix_connection(std::move(other.server_end));
    EXPECT_EQ(reader.fill(*connection), FrameReader::Read::more);
    EXPECT_FALSE(reader.next());
    reader.rest();
    EXPECT_EQ(reader.held(), 4U);
}

TEST_F(Calls, OfTheLargestSizeAreTaken) {
    auto client = open();
    const std::string payload(protocol::message_payload_max, 'x');
    client.send(RawClient::message({.prog = wire::program_number, .vers = 1, .proc = 3, .serial = 3}, payload));
    EXPECT_TRUE(client.next().ok());
}

TEST_F(Calls, RepliesThatAreTooLongBecomeErrors) {
    auto client = open();
    driver.capabilities = std::string(5U << 20, 'x');
    EXPECT_EQ(client.call<wire::ConnectGetCapabilities>().error().code, 39);
    driver.capabilities = std::string(4U << 20, 'x');
    const Frame reply = client.call<wire::ConnectGetCapabilities>();
    EXPECT_EQ(reply.payload.size(), 4 + (4U << 20));
}

TEST_F(Calls, AreAnsweredInOrderOfCompletionAndAtMostFiveRun) {
    auto client = open();
    for (int i = 0; i < 7; ++i) client.send_call<wire::DomainCreate>();
    EXPECT_FALSE(client.try_next());
    EXPECT_EQ(driver.started, 5);
    driver.gate.set();
    for (int i = 0; i < 7; ++i) EXPECT_TRUE(client.next().ok());
    EXPECT_EQ(driver.started, 7);

    auto other = open();
    driver.gate = Event();
    const auto slow = other.send_call<wire::DomainCreate>();
    EXPECT_TRUE(other.call<wire::ConnectGetType>().ok());
    driver.gate.set();
    EXPECT_EQ(other.next().header.serial, slow);
}

TEST_F(Calls, BehindTheLimitAreBoundedAndKeepaliveIsAnsweredBesideThem) {
    auto client = open();
    for (int i = 0; i < 20; ++i) client.send_call<wire::DomainCreate>();
    client.send(encode_keepalive(protocol::keepalive_ping));
    const Frame pong = client.next();
    EXPECT_EQ(pong.header.prog, protocol::keepalive_program);
    EXPECT_EQ(pong.header.proc, protocol::keepalive_pong);
    EXPECT_EQ(pong.header.serial, 0U);

    // Far more than the server takes: it stops to read, and the socket fills.
    std::string flood;
    for (std::uint32_t i = 0; i < 100'000; ++i) flood += RawClient::call_bytes<wire::DomainCreate>({}, i);
    client.send(flood);
    loop.run_ready();
    EXPECT_EQ(driver.started, 5);
    driver.gate.set();
    EXPECT_TRUE(client.next().ok());
}

TEST_F(Calls, ThatWereReadAtOnceAreAllAnsweredThoughTheClientSaysNothingMore) {
    auto client = open();
    std::string bytes;
    for (std::uint32_t i = 0; i < 200; ++i) bytes += RawClient::call_bytes<wire::DomainCreate>({}, i);
    client.send(bytes);
    EXPECT_FALSE(client.try_next());
    driver.gate.set();
    for (int i = 0; i < 200; ++i) ASSERT_TRUE(client.next().ok()) << i;
    EXPECT_EQ(driver.started, 200);
}

TEST_F(Calls, OfAClientThatHasGoneRunToTheirEnd) {
    {
        auto client = open();
        client.send_call<wire::DomainCreate>();
        EXPECT_FALSE(client.try_next());
    }
    loop.run_ready();
    EXPECT_EQ(server.clients(), 0U);
    EXPECT_EQ(driver.started, 1);
    driver.gate.set();
    loop.run_ready();
}

TEST_F(Calls, CloseIsAnsweredAndThenTheConnectionEnds) {
    auto client = connect();
    EXPECT_TRUE(client.call<wire::ConnectClose>().ok());
    EXPECT_TRUE(client.is_closed());
    EXPECT_EQ(server.clients(), 0U);
}

TEST_F(Calls, FeaturesAreAnsweredByNumber) {
    auto client = connect();
    const auto ask = [&](int feature) {
        const Frame reply = client.call<wire::ConnectSupportsFeature>({feature});
        return reply.ok() ? decoded<wire::ConnectSupportsFeatureRet>(reply.payload).supported : -1;
    };
    EXPECT_EQ(ask(10), 1);
    EXPECT_EQ(ask(14), -1);
    client.call<wire::ConnectOpen>({.name = "fake:///"});
    driver.drivers->features = {6};
    for (const int feature : {6, 8, 9, 10, 14, 15, 16}) EXPECT_EQ(ask(feature), 1) << feature;
    for (const int feature : {0, 1, 2, 5, 7, 17, -1, 99}) EXPECT_EQ(ask(feature), 0) << feature;
}

}  // namespace
}  // namespace innkeeper::rpc::test
