// Calls and events where access rules decide: who is asked about what, and what becomes of it meanwhile.

#include <fmt/format.h>

#include <vector>

#include "access/permissions.h"
#include "rpc/server/session_fixture.h"

namespace innkeeper::rpc::test {
namespace {

using protocol::Subject;

/// Decides as the test says, when it says so.
class Judge final : public access::Permissions {
  public:
    bool concern(const Identity& who) const override { return !who.is_system; }
    Task<bool> allow(Identity, std::string driver, protocol::AccessRule rule, Subject object) override {
        asked.push_back(fmt::format("{} {}.{} {}", driver, rule.object, rule.permission, object.name));
        if (!gate.is_set()) co_await gate.wait();
        if (broken) throw Error(ErrorCode::access_denied, ErrorDomain::access, "nobody knows");
        co_return object.name != refused;
    }
    std::vector<std::string> asked;
    Event gate;
    bool broken = false;
    std::string refused = "nothing";
};

class Guarded : public SessionTest {
  protected:
    Guarded() {
        judge.gate.set();
        server.guard_by(&judge);
        driver.drivers->access_name = "FAKE";
        driver.table.describe("domain", *this, &Guarded::find, &Guarded::list);
        driver.table.add<wire::ConnectListDefinedDomains>(*this, &Guarded::names);
    }
    Task<Subject> find(Subject asked) {
        if (asked.uuid == Uuid{}) throw Error(ErrorCode::no_domain, "no such");
        co_return Subject{.kind = "domain", .by = Subject::By::identity, .name = name, .uuid = asked.uuid};
    }
    Task<std::vector<Subject>> list(Subject) {
        std::vector<Subject> all;
        for (const auto* each : {"web", "mail"}) all.push_back({.kind = "domain", .name = each});
        co_return all;
    }
    wire::ConnectListDefinedDomainsRet names(const Caller& caller, const wire::ConnectListDefinedDomainsArgs&) {
        wire::ConnectListDefinedDomainsRet ret;
        for (const auto* each : {"web", "mail"})
            if (caller.sees(each)) ret.names.emplace_back(each);
        return ret;
    }
    void expect_denied(const Frame& reply, std::string_view message = "access denied: 'FAKE' denied access") {
        ASSERT_FALSE(reply.ok());
        EXPECT_EQ(reply.error().code, 88);
        EXPECT_EQ(reply.error().domain, static_cast<int>(ErrorDomain::access));
        EXPECT_EQ(reply.error().message, message);
    }

    Judge judge;
    std::string name = "web";
    const wire::Domain somebody{.name = "said", .uuid = Uuid::random(), .id = -1};
};

TEST_F(Guarded, ACallIsAskedAboutByWhatTheObjectIs) {
    auto client = open();
    judge.asked.clear();
    driver.gate.set();
    EXPECT_TRUE(client.call<wire::DomainCreate>({somebody}).ok());
    EXPECT_EQ(judge.asked, std::vector<std::string>{"FAKE domain.start web"});
    judge.refused = "web";
    expect_denied(client.call<wire::DomainCreate>({somebody}));
    EXPECT_EQ(driver.started, 1);
    EXPECT_EQ(client.call<wire::DomainCreate>({}).error().code, 42);
    judge.broken = true;
    expect_denied(client.call<wire::DomainCreate>({somebody}), "access denied: nobody knows");
}

TEST_F(Guarded, AConnectionIsAskedAboutBeforeItIsOpen) {
    judge.refused = "";
    auto client = connect();
    expect_denied(client.call<wire::ConnectOpen>({.name = "fake:///"}));
    EXPECT_FALSE(client.call<wire::ConnectGetType>().ok());
}

TEST_F(Guarded, WhatChangesItsNameMeanwhileIsAskedAboutAgain) {
    auto client = open();
    judge.asked.clear();
    judge.gate = Event();
    driver.gate.set();
    client.send_call<wire::DomainCreate>({somebody});
    EXPECT_FALSE(client.try_next());
    name = "mail";
    judge.refused = "mail";
    judge.gate.set();
    expect_denied(client.next());
    EXPECT_EQ(judge.asked, (std::vector<std::string>{"FAKE domain.start web", "FAKE domain.start mail"}));
    EXPECT_EQ(driver.started, 0);
}

TEST_F(Guarded, WhoGoesMeanwhileStartsNothing) {
    {
        auto client = open();
        judge.gate = Event();
        client.send_call<wire::DomainCreate>({somebody});
        loop.run_ready();
    }
    loop.run_ready();
    judge.gate.set();
    loop.run_ready();
    EXPECT_EQ(driver.started, 0);
}

TEST_F(Guarded, OthersAreAnsweredMeanwhile) {
    auto waiting = open();
    judge.gate = Event();
    waiting.send_call<wire::DomainCreate>({somebody});
    driver.drivers->access_name.clear();
    auto other = open();
    EXPECT_TRUE(other.call<wire::ConnectGetType>().ok());
    EXPECT_FALSE(waiting.try_next());
    judge.gate.set();
    driver.gate.set();
    EXPECT_TRUE(waiting.next().ok());
}

TEST_F(Guarded, ListsLeaveOutWhatIsHidden) {
    auto client = open();
    judge.refused = "mail";
    const auto reply = client.call<wire::ConnectListDefinedDomains>({.maxnames = 9});
    ASSERT_TRUE(reply.ok());
    EXPECT_EQ(decoded<wire::ConnectListDefinedDomainsRet>(reply.payload).names, std::vector<std::string>{"web"});
}

TEST_F(Guarded, EventsComeInOrderAndOnlyThoseThatMay) {
    auto client = open();
    const auto session = server.sessions().front();
    const auto send = [&](const std::string& which) {
        const wire::DomainEventCallbackLifecycleMsg message{
            .callbackID = 1, .msg = {.dom = {.name = which, .uuid = somebody.uuid, .id = 1}}};
        session->send_event(wire::DomainEventCallbackLifecycle::row,
                            std::make_shared<const std::string>(encoded(message)));
    };
    const auto next = [&] {
        return decoded<wire::DomainEventCallbackLifecycleMsg>(client.next().payload).msg.dom.name;
    };
    judge.refused = "mail";
    judge.gate = Event();
    for (const auto* each : {"web", "mail", "last"}) send(each);
    EXPECT_FALSE(client.try_next());
    judge.gate.set();
    EXPECT_EQ(next(), "web");
    EXPECT_EQ(next(), "last");
    EXPECT_FALSE(client.try_next());
    // A client that goes while somebody is asked.
    judge.gate = Event();
    send("web");
    session->close();
    judge.gate.set();
    loop.run_ready();
}

}  // namespace
}  // namespace innkeeper::rpc::test
