#include "drivers/qemu/qmp/qmp.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <boost/json/serialize.hpp>

#include "base/error.h"
#include "loop/descriptor.h"
#include "loop/group.h"
#include "loop/loop.h"

namespace innkeeper::qemu {
namespace {

using namespace std::chrono_literals;

/// A monitor whose other end the test writes by hand.
class QmpTest : public testing::Test {
  protected:
    void SetUp() override {
        int ends[2];
        ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends), 0);
        far_.reset(ends[1]);
        qmp_ = std::make_unique<Qmp>(Fd(ends[0]), "web", callbacks());
        says(R"({"QMP": {"version": {}, "capabilities": ["oob"]}})"
             "\n");
    }
    void TearDown() override {
        loop_.run(qmp_->close());
        loop_.run(waits_.close());
    }
    Qmp::Callbacks callbacks() {
        return {.event =
                    [this](const QmpEvent& event) {
                        if (event.name == "MALICE") throw Error(ErrorCode::internal_error, "too much");
                        events_.push_back(event.name);
                    },
                .lost = [this] { ++lost_; }};
    }

    void says(std::string_view text) {
        ASSERT_EQ(::send(far_.get(), text.data(), text.size(), MSG_NOSIGNAL), static_cast<ssize_t>(text.size()));
        loop_.run_ready();
    }
    std::string heard() {
        std::string all(1 << 16, 0);
        const ssize_t n = ::recv(far_.get(), all.data(), all.size(), 0);
        return all.substr(0, n > 0 ? static_cast<std::size_t>(n) : 0);
    }

    static Task<> note(Task<boost::json::value> task, std::vector<std::string>* into) {
        try {
            into->push_back(boost::json::serialize(co_await std::move(task)));
        } catch (const Error& error) {
            into->push_back(error.message());
        }
    }
    static Task<> note_all(Task<std::vector<QmpReply>> task, std::vector<std::string>* into) {
        for (const auto& reply : co_await std::move(task))
            into->push_back(reply ? boost::json::serialize(*reply) : reply.error().text);
    }
    void execute(std::string command, std::chrono::milliseconds limit = 5s) {
        waits_.spawn(note(qmp_->execute(std::move(command), {}, limit), &notes_));
    }

    Loop loop_{Loop::Time::manual};
    Fd far_;
    std::unique_ptr<Qmp> qmp_;
    TaskGroup waits_;
    std::vector<std::string> events_, notes_;
    int lost_ = 0;
};

TEST_F(QmpTest, IntroducesItselfBeforeAnythingElse) {
    EXPECT_EQ(heard(), "{\"execute\":\"qmp_capabilities\",\"id\":0}\n");
}

TEST_F(QmpTest, FindsTheReplyByItsIdWhateverTheOrder) {
    execute("first");
    execute("second");
    says("{\"return\": \"two\", \"id\": 2}\r\n{\"return\": 1, \"id\": 1}\r\n");
    EXPECT_THAT(notes_, testing::ElementsAre("\"two\"", "1"));
}

TEST_F(QmpTest, SendsABatchAtOnceAndGivesRefusalsAsValues) {
    heard();
    std::vector<QmpCommand> commands;
    commands.push_back({.name = "a", .arguments = {}});
    commands.push_back({.name = "b", .arguments = {{"x", 1}}});
    waits_.spawn(note_all(qmp_->batch(std::move(commands)), &notes_));
    EXPECT_EQ(heard(), "{\"execute\":\"a\",\"id\":1}\n{\"execute\":\"b\",\"arguments\":{\"x\":1},\"id\":2}\n");
    says(R"({"return": {}, "id": 1})"
         "\n"
         R"({"error": {"class": "GenericError", "desc": "no b here"}, "id": 2})"
         "\n");
    EXPECT_THAT(notes_, testing::ElementsAre("{}", "no b here"));
}

TEST_F(QmpTest, ARefusedCommandIsAnErrorWithQemusSentence) {
    execute("cont");
    says(R"({"error": {"class": "GenericError", "desc": "not now"}, "id": 1})"
         "\n");
    EXPECT_THAT(notes_, testing::ElementsAre("internal error: unable to execute QEMU command 'cont': not now"));
}

TEST_F(QmpTest, TheDeadlineNamesTheGuestAndTheCommandAndALateAnswerIsDropped) {
    execute("query-status", 5s);
    loop_.advance(5s);
    EXPECT_THAT(notes_, testing::ElementsAre(
                            "Timed out during operation: domain 'web': QEMU did not answer 'query-status' within 5 s"));
    execute("again");
    says("{\"return\": \"late\", \"id\": 1}\n{\"return\": \"right\", \"id\": 2}\n");
    EXPECT_THAT(notes_, testing::ElementsAre(testing::_, "\"right\""));
}

TEST_F(QmpTest, EventsArriveInOrderAndBesideReplies) {
    execute("stop");
    says(R"({"timestamp": {"seconds": 5, "microseconds": 6}, "event": "STOP"})"
         "\n{\"return\": {}, \"id\": 1}\n{\"event\": \"RESUME\"}\n");
    EXPECT_THAT(events_, testing::ElementsAre("STOP", "RESUME"));
    EXPECT_THAT(notes_, testing::ElementsAre("{}"));
}

TEST_F(QmpTest, AnEventThatCannotBeUsedIsPassedOver) {
    execute("query-status");
    says(R"({"event": "MALICE"})"
         "\n"
         R"({"event": "STOP"})"
         "\n"
         R"({"return": {}, "id": 1})"
         "\n");
    EXPECT_THAT(events_, testing::ElementsAre("STOP"));
    EXPECT_THAT(notes_, testing::ElementsAre("{}"));
}

TEST_F(QmpTest, WrongTypesAreNobodysReply) {
    execute("x");
    says("{\"return\": {}, \"id\": \"1\"}\n{\"return\": {}, \"id\": null}\n{\"event\": 7, \"data\": 3}\n");
    EXPECT_THAT(notes_, testing::IsEmpty());
    EXPECT_EQ(lost_, 0);
}

TEST_F(QmpTest, GarbageEndsTheConnectionAndEveryWait) {
    execute("x");
    says("][\n");
    EXPECT_THAT(notes_, testing::ElementsAre("operation failed: domain 'web': QEMU closed its monitor"));
    EXPECT_EQ(lost_, 1);
    execute("y");
    EXPECT_EQ(notes_.size(), 2U);
}

TEST_F(QmpTest, TooDeepIsGarbage) {
    says(std::string(1000, '[') + "\n");
    EXPECT_EQ(lost_, 1);
}

TEST_F(QmpTest, TheEndOfTheConnectionEndsEveryWait) {
    execute("x");
    far_.reset();
    loop_.run_ready();
    EXPECT_EQ(notes_.size(), 1U);
    EXPECT_EQ(lost_, 1);
}

TEST_F(QmpTest, ALineWithoutEndIsCutOff) {
    const std::string piece(60000, 'x');
    for (int i = 0; i < 300 && lost_ == 0; ++i) says(piece);
    EXPECT_EQ(lost_, 1);
}

TEST_F(QmpTest, AFloodIsReadSlowly) {
    std::string flood;
    for (int i = 0; i < 1500; ++i) flood += "{\"event\": \"X\"}\n";
    says(flood);
    says(flood);
    EXPECT_EQ(events_.size(), 1500U);  // the rest when the window has ended
    loop_.advance(1s);
    EXPECT_EQ(events_.size(), 3000U);
}

TEST_F(QmpTest, WhatQemuDoesNotReadIsBounded) {
    const std::string big(1 << 20, 'x');
    for (int i = 0; i < 10; ++i) waits_.spawn(note(qmp_->execute("x", {{"data", big}}, 5s), &notes_));
    loop_.run_ready();
    ASSERT_FALSE(notes_.empty());
    EXPECT_EQ(notes_.front(), "operation failed: domain 'web': QEMU does not read its monitor");
}

}  // namespace
}  // namespace innkeeper::qemu
