// The server and the client of this project, over a real socket.

#include <sys/stat.h>

#include "rpc/client/client.h"
#include "rpc/server/session_fixture.h"

namespace innkeeper::rpc::test {
namespace {

class Sockets : public SessionTest {
  protected:
    Sockets() {
        char name[] = "/tmp/rpc-XXXXXX";
        folder = ::mkdtemp(name);
        path = folder + "/sock";
        server.listen(Listener::unix_socket({path, 0640, std::nullopt, 100}), {});
    }
    ~Sockets() override {
        loop.run(server.close(std::chrono::seconds(1)));
        ::rmdir(folder.c_str());
    }
    std::shared_ptr<Client> open() { return loop.run(Client::open(path, "fake:///")); }

    std::string folder, path;
};

Task<> call_type(std::shared_ptr<Client> client, int* done) {
    if ((co_await client->call<wire::ConnectGetType>()).type == "fake") ++*done;
}

TEST_F(Sockets, HaveTheirModeAndGoWithTheServer) {
    struct stat status{};
    ASSERT_EQ(::stat(path.c_str(), &status), 0);
    EXPECT_TRUE(S_ISSOCK(status.st_mode));
    EXPECT_EQ(status.st_mode & 0777, 0640U);
    // One that has replaced ours stays.
    const auto other = Listener::unix_socket({path, 0600, std::nullopt, 1});
    loop.run(server.close(std::chrono::seconds(1)));
    EXPECT_EQ(::stat(path.c_str(), &status), 0);
}

TEST_F(Sockets, ClientsWaitUntilTheServerAccepts) {
    RawClient early(loop);
    early.socket.reset(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0));
    const auto connection = connect_unix(path);
    loop.run_ready();
    EXPECT_EQ(server.clients(), 0U);
    server.accept();
    loop.run_ready();
    EXPECT_EQ(server.clients(), 1U);
    EXPECT_EQ(server.sessions().front()->identity().uid, ::geteuid());
    EXPECT_EQ(server.sessions().front()->identity().pid, ::getpid());
    EXPECT_NE(server.sessions().front()->identity().process_start, 0U);
}

TEST_F(Sockets, AtTheLimitClientsWaitInTheBacklog) {
    server.set_limits(2, 20);
    server.accept();
    auto first = open(), second = open();
    const auto third = connect_unix(path);
    loop.run_ready();
    EXPECT_EQ(server.clients(), 2U);
    first.reset();
    loop.run_ready();
    EXPECT_EQ(server.clients(), 2U);
    server.set_limits(20, 20);
}

TEST_F(Sockets, OfOneUserTurnOthersAway) {
    server.only_for(::geteuid() + 1);
    server.accept();
    auto client = Client::over(connect_unix(path));
    loop.run(client->closed());
    EXPECT_EQ(server.clients(), 0U);
}

TEST_F(Sockets, CarryCallsAndErrors) {
    server.accept();
    auto client = open();
    EXPECT_EQ(loop.run(client->call<wire::ConnectGetType>()).type, "fake");
    try {
        loop.run(client->call<wire::DomainDestroy>({}));
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::operation_invalid);
        EXPECT_EQ(error.domain(), ErrorDomain::qemu);
        EXPECT_EQ(error.message(), "Requested operation is not valid: domain is not running");
        EXPECT_EQ(error.str2(), "domain is not running");
    }
    loop.run(client->close());
    loop.run_ready();
    EXPECT_EQ(server.clients(), 0U);
}

TEST_F(Sockets, CarryManyCallsBesideEachOther) {
    server.accept();
    auto client = open();
    int done = 0;
    std::vector<Task<>> tasks;
    for (int i = 0; i < 500; ++i) tasks.push_back(call_type(client, &done));
    loop.run(all(std::move(tasks)));
    EXPECT_EQ(done, 500);
}

TEST_F(Sockets, CarryDescriptors) {
    server.accept();
    auto client = open();
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    const Fd from(ends[0]);
    std::vector<Fd> descriptors;
    descriptors.emplace_back(ends[1]);
    loop.run(client->call_with<wire::DomainOpenGraphics>({}, std::move(descriptors)));
    ASSERT_EQ(::write(driver.passed.get(), "x", 1), 1);
}

TEST_F(Sockets, CarryEvents) {
    server.accept();
    auto client = open();
    std::vector<int> seen;
    client->on_event<wire::DomainEventCallbackLifecycle>(
        [&seen](const auto& event) { seen.push_back(event.callbackID); });
    for (const int id : {3, 4})
        server.sessions().front()->send_event(
            wire::DomainEventCallbackLifecycle::row,
            std::make_shared<const std::string>(encoded(wire::DomainEventCallbackLifecycleMsg{id})));
    loop.run(client->call<wire::ConnectGetType>());
    EXPECT_EQ(seen, (std::vector<int>{3, 4}));
}

Task<> upload(std::shared_ptr<Client> client) {
    auto [nothing, stream] = co_await client->open_stream<wire::StorageVolUpload>({.flags = 1});
    stream->write("abc");
    stream->write_hole(5);
    stream->write("de");
    co_await stream->finish();
}

Task<std::size_t> download(std::shared_ptr<Client> client, std::uint64_t size) {
    auto [nothing, stream] = co_await client->open_stream<wire::StorageVolDownload>({.length = size});
    std::size_t bytes = 0;
    while (auto chunk = co_await stream->read()) bytes += std::get<std::string>(*chunk).size();
    co_await stream->finish();
    co_return bytes;
}

TEST_F(Sockets, CarryStreamsBothWays) {
    server.accept();
    driver.upload_gate.set();
    auto client = open();
    loop.run(upload(client));
    EXPECT_EQ(driver.uploaded, "abc<5>de");
    EXPECT_EQ(loop.run(download(client, 30'000'000)), 30'000'000U);
    EXPECT_EQ(driver.download_end, "complete");
}

Task<> wait_for_create(std::shared_ptr<Client> client, std::string* end) {
    try {
        co_await client->call<wire::DomainCreate>({});
    } catch (const Error& error) {
        *end = error.message();
    }
}

TEST_F(Sockets, CloseUnderCallsThatWait) {
    server.accept();
    auto client = open();
    std::string end;
    TaskGroup group;
    group.spawn(wait_for_create(client, &end));
    loop.run_ready();
    EXPECT_EQ(driver.started, 1);
    server.sessions().front()->close();
    loop.run(client->closed());
    loop.run(group.idle());
    EXPECT_NE(end, "");
    driver.gate.set();
    loop.run_ready();
}

}  // namespace
}  // namespace innkeeper::rpc::test
