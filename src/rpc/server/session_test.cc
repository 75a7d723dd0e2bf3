// Clients: descriptors, keepalive, authentication, limits, events.

#include "rpc/server/session_fixture.h"

namespace innkeeper::rpc::test {
namespace {

using Clients = SessionTest;

void send_descriptor(int socket, int fd) {
    char zero = 0;
    iovec part{&zero, 1};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> space{};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = space.data();
    message.msg_controllen = space.size();
    cmsghdr* control = CMSG_FIRSTHDR(&message);
    control->cmsg_level = SOL_SOCKET;
    control->cmsg_type = SCM_RIGHTS;
    control->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(control), &fd, sizeof fd);
    ASSERT_EQ(::sendmsg(socket, &message, 0), 1);
}

std::string with_fds(std::uint32_t count, std::string_view args, std::uint32_t serial,
                     std::int32_t number = wire::DomainOpenGraphics::number) {
    std::string payload;
    XdrWriter out(payload);
    out.put_uint32(count);
    return RawClient::message(
        {.prog = wire::program_number, .vers = 1, .proc = number, .type = MessageType::call_with_fds, .serial = serial},
        payload + std::string(args));
}

TEST_F(Clients, PassDescriptorsBehindTheMessage) {
    auto client = open();
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    const Fd from(ends[0]), to(ends[1]);
    // With other calls right before and behind it, in one go as far as the socket is concerned.
    client.send(RawClient::call_bytes<wire::ConnectGetType>({}, 1) +
                with_fds(1, encoded(wire::DomainOpenGraphicsArgs{}), 2));
    send_descriptor(client.socket.get(), to.get());
    client.send(RawClient::call_bytes<wire::ConnectGetType>({}, 3));
    for (const std::uint32_t serial : {1U, 2U, 3U}) {
        const Frame reply = client.next();
        EXPECT_EQ(reply.header.serial, serial);
        EXPECT_TRUE(reply.ok());
        EXPECT_EQ(reply.header.type, MessageType::reply);
    }
    ASSERT_TRUE(driver.passed);
    ASSERT_EQ(::write(driver.passed.get(), "x", 1), 1);
    char byte = 0;
    EXPECT_EQ(::read(from.get(), &byte, 1), 1);
}

TEST_F(Clients, MayAnnounceNoDescriptors) {
    auto client = open();
    client.send(with_fds(0, {}, 4, wire::ConnectGetType::number));
    EXPECT_TRUE(client.next().ok());
    client.send(with_fds(0, encoded(wire::DomainOpenGraphicsArgs{}), 5));
    EXPECT_EQ(client.next().error().code, 1);
}

TEST_F(Clients, ThatAnnounceTooManyOrSendNoneAreClosed) {
    auto many = open();
    many.send(with_fds(33, {}, 4));
    EXPECT_TRUE(many.is_closed());
    auto liar = open();
    liar.send(with_fds(1, {}, 4) + std::string(1, '\0'));
    EXPECT_TRUE(liar.is_closed());
}

TEST_F(Clients, ThatSendDescriptorsUnaskedDoNotFillTheTable) {
    auto client = open();
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    const Fd from(ends[0]);
    Fd to(ends[1]);
    // One rides on the last byte of an ordinary call.
    const std::string call = RawClient::call_bytes<wire::ConnectGetType>({}, 1);
    client.send(call.substr(0, call.size() - 1));
    send_descriptor(client.socket.get(), to.get());
    EXPECT_TRUE(client.next().ok());
    to.reset();
    std::array<char, 1> byte;
    EXPECT_EQ(::read(from.get(), byte.data(), 1), 0) << "somebody holds the descriptor";
}

TEST_F(Clients, ThatWaitDoNotFillTheTableWithDescriptorsThatNobodyTakes) {
    auto client = open();
    for (int i = 0; i < 5; ++i) client.send_call<wire::DomainCreate>();
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    const Fd from(ends[0]);
    Fd to(ends[1]);
    client.send(with_fds(1, {}, 4, wire::DomainCreate::number));
    send_descriptor(client.socket.get(), to.get());
    EXPECT_FALSE(client.try_next());
    to.reset();
    std::array<char, 1> byte;
    EXPECT_EQ(::read(from.get(), byte.data(), 1), 0) << "somebody holds the descriptor";
}

TEST_F(Clients, GetDescriptorsBehindTheReply) {
    auto client = open();
    client.send_call<wire::DomainOpenGraphicsFd>({});
    loop.run_ready();
    std::array<char, 28 + 4> bytes;
    ASSERT_EQ(::recv(client.socket.get(), bytes.data(), bytes.size(), 0), 32);
    XdrReader in(std::string_view(bytes.data() + 4, 28));
    EXPECT_EQ(decode_header(in).type, MessageType::reply_with_fds);
    EXPECT_EQ(in.get_uint32(), 1U);
    const auto connection = unix_connection(std::move(client.socket));
    std::array<char, 10> rest;
    const auto read = connection->read(rest);
    EXPECT_EQ(read.bytes, 1U);
    EXPECT_TRUE(read.descriptor);
}

TEST_F(Clients, AreAskedForSignsOfLifeOnceTheyWantIt) {
    using std::chrono::seconds;
    auto client = connect();
    loop.advance(seconds(100));
    EXPECT_FALSE(client.try_next());
    client.call<wire::ConnectSupportsFeature>({10});
    for (int i = 0; i < 5; ++i) {
        loop.advance(seconds(5));
        const Frame ping = client.next();
        EXPECT_EQ(ping.header.prog, protocol::keepalive_program);
        EXPECT_EQ(ping.header.proc, protocol::keepalive_ping);
    }
    client.send(encode_keepalive(protocol::keepalive_pong));
    EXPECT_FALSE(client.try_next());
    for (int i = 0; i < 5; ++i) loop.advance(seconds(5));
    for (int i = 0; i < 5; ++i) EXPECT_TRUE(client.try_next());
    EXPECT_FALSE(client.is_closed());
    loop.advance(seconds(5));
    EXPECT_TRUE(client.is_closed());
}

TEST_F(Clients, WithFiveBlockingCallsAreNotCutOff) {
    auto client = open();
    client.call<wire::ConnectSupportsFeature>({10});
    for (int i = 0; i < 60; ++i) client.send_call<wire::DomainCreate>();
    loop.run_ready();
    for (int i = 0; i < 100; ++i) {
        loop.advance(std::chrono::seconds(5));
        if (auto frame = client.try_next(); frame && frame->header.proc == protocol::keepalive_ping)
            client.send(encode_keepalive(protocol::keepalive_pong));
    }
    EXPECT_FALSE(client.ended);
    EXPECT_EQ(server.clients(), 1U);
}

TEST_F(Clients, MustAuthenticateFirst) {
    auto client = connect({.authentication = Authentication::sasl});
    EXPECT_EQ(server.anonymous(), 1U);
    for (const auto& error :
         {client.call<wire::ConnectOpen>({.name = "fake:///"}).error(),
          client.call<wire::ConnectSupportsFeature>({10}).error(), client.call<wire::ConnectClose>().error()}) {
        EXPECT_EQ(error.code, 39);
        EXPECT_EQ(error.message, "authentication required");
    }
    client.send(RawClient::message({.prog = wire::program_number, .vers = 1, .proc = 0, .serial = 1}, {}));
    EXPECT_EQ(client.next().error().message, "unknown procedure: 0");
    const auto list = decoded<wire::AuthListRet>(client.call<wire::AuthList>().payload);
    ASSERT_EQ(list.types.size(), 1U);
    EXPECT_EQ(static_cast<int>(list.types[0]), 1);
    auto other = connect({});
    EXPECT_EQ(other.call<wire::AuthSaslInit>().error().code, 45);
}

TEST_F(Clients, StrangersGiveWayToThoseWhoWait) {
    server.set_limits(10, 2);
    auto silent = connect({.authentication = Authentication::sasl});
    auto speaks = connect({.authentication = Authentication::sasl});
    speaks.call<wire::AuthList>();
    EXPECT_EQ(server.anonymous(), 2U);
    // Nobody waits in a backlog: both may take their time.
    loop.advance(std::chrono::seconds(6));
    EXPECT_EQ(server.anonymous(), 2U);
    loop.advance(std::chrono::seconds(25));
    EXPECT_TRUE(silent.is_closed());
    EXPECT_TRUE(speaks.is_closed());
    EXPECT_EQ(server.anonymous(), 0U);
}

TEST_F(Clients, RootIsLetInByAskingWhichAuthenticationPolkitWants) {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root";
    auto client = connect({.authentication = Authentication::polkit});
    EXPECT_FALSE(client.call<wire::ConnectOpen>({.name = "fake:///"}).ok());
    EXPECT_EQ(static_cast<int>(decoded<wire::AuthListRet>(client.call<wire::AuthList>().payload).types.at(0)), 0);
    EXPECT_EQ(server.anonymous(), 0U);
    EXPECT_TRUE(client.call<wire::ConnectOpen>({.name = "fake:///"}).ok());
}

TEST_F(Clients, ThatStayStrangersAreClosedAfterAWhile) {
    auto client = connect({.authentication = Authentication::sasl});
    loop.advance(std::chrono::seconds(29));
    EXPECT_FALSE(client.is_closed());
    loop.advance(std::chrono::seconds(1));
    EXPECT_TRUE(client.is_closed());
    EXPECT_EQ(server.anonymous(), 0U);
    auto greedy = connect({.authentication = Authentication::sasl});
    greedy.send(std::string_view("\1\0\0\0", 4));
    EXPECT_TRUE(greedy.is_closed());
}

TEST_F(Clients, ThatAreStrangersAndReadNothingCostLittle) {
    auto client = connect({.authentication = Authentication::sasl});
    std::string pings, calls;
    for (std::uint32_t i = 0; i < 1000; ++i) {
        pings += encode_keepalive(protocol::keepalive_ping);
        calls += RawClient::call_bytes<wire::ConnectGetType>({}, i);
    }
    for (int i = 0; i < 200; ++i) client.send(pings);
    for (int i = 0; i < 20; ++i) client.send(calls);
    // What the socket holds, and the little that waits for it, but not an answer for each.
    std::size_t bytes = 0;
    while (const auto frame = client.try_next())
        if (frame->header.prog == protocol::keepalive_program) bytes += 28;
    EXPECT_GT(bytes, 0U);
    EXPECT_LT(bytes, 1U << 20);
}

TEST_F(Clients, GetEventsThatWereEncodedOnce) {
    auto client = open();
    const auto session = server.sessions().front();
    const auto payload = std::make_shared<const std::string>(encoded(wire::DomainEventCallbackLifecycleMsg{7}));
    session->send_event(wire::DomainEventCallbackLifecycle::row, payload);
    const Frame event = client.next();
    EXPECT_EQ(event.header.type, MessageType::message);
    EXPECT_EQ(event.header.serial, 1U);
    EXPECT_EQ(event.header.proc, wire::DomainEventCallbackLifecycle::number);
    EXPECT_EQ(decoded<wire::DomainEventCallbackLifecycleMsg>(event.payload).callbackID, 7);
}

TEST_F(Clients, ThatDoNotReadTheirEventsAreDropped) {
    auto client = open();
    const auto session = server.sessions().front();
    bool told = false;
    session->on_close([&told] { told = true; });
    const auto payload = std::make_shared<const std::string>(std::string(100'000, 'e'));
    for (int i = 0; i < 400 && !session->is_closed(); ++i) {
        session->send_event(wire::DomainEventCallbackLifecycle::row, payload);
        loop.run_ready();
    }
    EXPECT_TRUE(session->is_closed());
    EXPECT_TRUE(told);
    EXPECT_EQ(server.clients(), 0U);
}

TEST_F(Clients, ThatDoNotReadTheirRepliesAreNotReadEither) {
    auto client = open();
    driver.capabilities = std::string(1U << 20, 'c');
    std::string calls;
    for (std::uint32_t i = 0; i < 10'000; ++i) calls += RawClient::call_bytes<wire::ConnectGetCapabilities>({}, i);
    client.send(calls);
    loop.run_ready();
    // All are answered in the end, at the client's pace.
    for (std::uint32_t i = 0; i < 100; ++i) ASSERT_EQ(client.next().header.serial, i);
}

TEST_F(Clients, NumbersOfCloseCallbacksCanBeCancelled) {
    auto client = open();
    const auto session = server.sessions().front();
    int called = 0;
    const auto first = session->on_close([&called] { called += 1; });
    session->on_close([&called] { called += 10; });
    session->cancel_on_close(first);
    client.socket.reset();
    loop.run_ready();
    EXPECT_EQ(called, 10);
    session->on_close([&called] { called += 100; });
    EXPECT_EQ(called, 110);
}

}  // namespace
}  // namespace innkeeper::rpc::test
