#include "rpc/codec/handlers.h"

#include <gtest/gtest.h>

#include "loop/loop.h"
#include "protocol/constants.h"
#include "protocol/remote/connect.h"
#include "protocol/remote/domain.h"

namespace innkeeper::rpc {
namespace {

namespace remote = protocol::remote;

class Session : public ClientSession {
  public:
    explicit Session(bool read_only) : read_only_(read_only) {}
    std::uint64_t id() const override { return 1; }
    bool read_only() const override { return read_only_; }
    const Identity& identity() const override { return identity_; }
    void send_event(const protocol::Procedure&, std::shared_ptr<const std::string>) override {}
    std::shared_ptr<Stream> open_stream(const protocol::Procedure&, std::uint32_t, bool) override { return nullptr; }
    std::uint64_t on_close(std::move_only_function<void()>) override { return 0; }
    void cancel_on_close(std::uint64_t) override {}

  private:
    bool read_only_;
    Identity identity_;
};

class Driver {
  public:
    remote::DomainGetInfoRet info(const Caller&, const remote::DomainGetInfoArgs& args) const {
        return {.maxMem = static_cast<std::uint64_t>(args.dom.id)};
    }
    Task<> create(Caller, remote::DomainCreateArgs) {
        ++created;
        co_return;
    }
    Task<remote::DomainGetXmlDescRet> xml(Caller, remote::DomainGetXmlDescArgs args) {
        co_return remote::DomainGetXmlDescRet{.xml = args.dom.name};
    }
    void close(const Caller&) { ++closed; }

    int created = 0, closed = 0;
};

class Handlers : public testing::Test {
  protected:
    Handlers() {
        table.add<remote::DomainGetInfo>(std::as_const(driver), &Driver::info);
        table.add<remote::DomainCreate>(driver, &Driver::create);
        table.add<remote::DomainGetXmlDesc>(driver, &Driver::xml);
        table.add<remote::ConnectClose>(driver, &Driver::close);
    }

    /// Calls and gives the encoded results; a task is run until it is done.
    template <class Tag>
    typename Tag::Ret call(const typename Tag::Args& args, bool read_only = false) {
        const Caller caller{.session = std::make_shared<Session>(read_only), .serial = 1, .row = &Tag::row};
        const std::string bytes = encoded(args);
        std::string results;
        XdrReader in(bytes);
        XdrWriter out(results);
        auto later = (*table.find(Tag::row))->invoke(caller, in, out);
        waited = later.has_value();
        if (later) run(std::move(*later));
        return decoded<typename Tag::Ret>(results);
    }
    static void run(Task<> task);

    Driver driver;
    HandlerTable table;
    bool waited = false;
};

struct Runner {
    struct promise_type {
        Scope* scope = nullptr;
        Runner get_return_object() { return {}; }
        std::suspend_never initial_suspend() noexcept { return {}; }
        std::suspend_never final_suspend() noexcept { return {}; }
        void return_void() {}
        void unhandled_exception() { throw; }
    };
};

Runner start(Task<> task, bool* done) {
    co_await std::move(task);
    *done = true;
}

void Handlers::run(Task<> task) {
    bool done = false;
    start(std::move(task), &done);
    ASSERT_TRUE(done);
}

TEST_F(Handlers, AnswerInTheSameTurn) {
    EXPECT_EQ(call<remote::DomainGetInfo>({.dom = {.id = 12}}).maxMem, 12u);
    EXPECT_FALSE(waited);
}

TEST_F(Handlers, MayBeCoroutines) {
    EXPECT_EQ(call<remote::DomainGetXmlDesc>({.dom = {.name = "x"}}).xml, "x");
    EXPECT_TRUE(waited);
    call<remote::DomainCreate>({});
    EXPECT_EQ(driver.created, 1);
}

TEST_F(Handlers, MayHaveNoArguments) {
    call<remote::ConnectClose>({});
    EXPECT_EQ(driver.closed, 1);
}

TEST_F(Handlers, AreNotReachedOverAReadOnlyConnection) {
    try {
        call<remote::DomainCreate>({}, true);
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::operation_denied);
        EXPECT_EQ(error.message(), "operation forbidden: read only access prevents virDomainCreate");
    }
    EXPECT_EQ(driver.created, 0);
    call<remote::DomainGetXmlDesc>({}, true);
    EXPECT_THROW(call<remote::DomainGetXmlDesc>({.flags = protocol::VIR_DOMAIN_XML_SECURE}, true), Error);
}

TEST_F(Handlers, AreNotReachedByShortArguments) {
    std::string results;
    XdrReader in("abc");
    XdrWriter out(results);
    EXPECT_THROW((*table.find(remote::DomainGetInfo::row))->invoke({}, in, out), Error);
}

TEST_F(Handlers, AreFoundByProgramAndNumber) {
    EXPECT_TRUE(table.find(remote::program_number, remote::DomainCreate::number));
    EXPECT_FALSE(table.find(remote::program_number, remote::DomainDestroy::number));
    EXPECT_FALSE(table.find(remote::program_number, -1));
    EXPECT_FALSE(table.find(1, remote::DomainCreate::number));
    HandlerTable all;
    all.merge(table);
    EXPECT_TRUE(all.find(remote::ConnectClose::row));
}

TEST(Refusals, AreWhatClientsKnow) {
    EXPECT_EQ(unsupported(remote::DomainSendProcessSignal::row).message(),
              "this function is not supported by the connection driver: virDomainSendProcessSignal");
    EXPECT_EQ(unknown_procedure(999).message(), "unknown procedure: 999");
    EXPECT_EQ(unknown_procedure(999).code(), ErrorCode::rpc);
    EXPECT_EQ(unknown_procedure(999).domain(), ErrorDomain::rpc);
}

}  // namespace
}  // namespace innkeeper::rpc
