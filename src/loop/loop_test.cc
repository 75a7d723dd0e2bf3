#include "loop/loop.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>

#include "base/error.h"
#include "loop/child.h"
#include "loop/descriptor.h"
#include "loop/event.h"
#include "loop/group.h"
#include "loop/pool.h"
#include "loop/queue.h"
#include "loop/signals.h"
#include "loop/spawn.h"
#include "loop/turns.h"

namespace innkeeper {
namespace {

using namespace std::chrono_literals;

Task<int> answer() { co_return 42; }
Task<int> sum() { co_return co_await answer() + co_await answer(); }
Task<> throws() {
    throw Error(ErrorCode::no_domain, "no domain with matching name 'x'");
    co_return;
}

TEST(Loop, RunsATaskToItsResult) {
    Loop loop;
    EXPECT_EQ(loop.run(sum()), 84);
}

TEST(Loop, RethrowsWhatTheTaskThrew) {
    Loop loop;
    EXPECT_THROW(loop.run(throws()), Error);
}

Task<> note_after(Clock::duration wait, std::string word, std::vector<std::string>* notes) {
    co_await sleep_for(wait);
    notes->push_back(word);
}

TEST(Loop, FiresTimersInOrderOfTime) {
    Loop loop(Loop::Time::manual);
    TaskGroup group;
    std::vector<std::string> notes;
    group.spawn(note_after(3s, "late", &notes));
    group.spawn(note_after(1s, "early", &notes));
    loop.advance(2s);
    EXPECT_THAT(notes, testing::ElementsAre("early"));
    loop.advance(2s);
    EXPECT_THAT(notes, testing::ElementsAre("early", "late"));
}

TEST(TaskGroup, CancelsWhatItRunsWhenClosed) {
    Loop loop(Loop::Time::manual);
    TaskGroup group;
    std::vector<std::string> notes;
    group.spawn(note_after(1h, "never", &notes));
    EXPECT_EQ(group.size(), 1U);
    loop.run(group.close());
    EXPECT_EQ(group.size(), 0U);
    EXPECT_TRUE(notes.empty());
}

Task<std::string> describe_timeout() {
    try {
        co_await within(5s, "the monitor of 'web'", sleep_for(1h));
    } catch (const Error& error) {
        co_return error.message();
    }
    co_return "";
}
Task<> store(Task<std::string> task, std::string* into) { *into = co_await std::move(task); }

TEST(Within, NamesWhatTookTooLong) {
    Loop loop(Loop::Time::manual);
    TaskGroup group;
    std::string message;
    group.spawn(store(describe_timeout(), &message));
    loop.advance(6s);
    EXPECT_EQ(message, "Timed out during operation: the monitor of 'web' did not finish within 5 s");
}

Task<> wait_for(Event* event, int* count) {
    co_await event->wait();
    ++*count;
}

TEST(Event, LetsEverybodyThrough) {
    Loop loop;
    TaskGroup group;
    Event event;
    int count = 0;
    group.spawn(wait_for(&event, &count));
    group.spawn(wait_for(&event, &count));
    event.set();
    loop.run_ready();
    group.spawn(wait_for(&event, &count));
    EXPECT_EQ(count, 3);
}

Task<> push_all(Queue<int>* queue, int count) {
    for (int i = 0; i < count; ++i) co_await queue->push(i);
    queue->close();
}
Task<std::vector<int>> pop_all(Queue<int>* queue) {
    std::vector<int> values;
    while (const auto value = co_await queue->pop()) values.push_back(*value);
    co_return values;
}

Task<> pop_one(Queue<int>* queue, std::optional<int>* into) { *into = co_await queue->pop(); }

TEST(Queue, KeepsOrderAndBound) {
    Loop loop;
    TaskGroup group;
    Queue<int> queue(2);
    group.spawn(push_all(&queue, 5));
    EXPECT_EQ(queue.size(), 2U);
    EXPECT_THAT(loop.run(pop_all(&queue)), testing::ElementsAre(0, 1, 2, 3, 4));
}

Task<> use_turn(std::shared_ptr<Turns> turns, std::string job, Clock::duration hold, std::vector<std::string>* notes) {
    try {
        const auto turn = co_await turns->take(job, 30s, "web");
        notes->push_back("begin " + job);
        co_await sleep_for(hold);
        notes->push_back("end " + job);
    } catch (const Error& error) {
        notes->push_back(error.message());
    }
}

TEST(Turns, OneChangeAtATimeAndTheHolderIsNamedToWhoWaitedInVain) {
    Loop loop(Loop::Time::manual);
    TaskGroup group;
    std::vector<std::string> notes;
    auto turns = std::make_shared<Turns>();
    group.spawn(use_turn(turns, "save", 60s, &notes));
    group.spawn(use_turn(turns, "start", 1s, &notes));
    loop.advance(31s);
    EXPECT_THAT(notes, testing::ElementsAre("begin save",
                                            "Timed out during operation: cannot acquire state change lock of domain "
                                            "'web' for 'start' (held for 30 s by 'save')"));
    group.spawn(use_turn(turns, "stop", 1s, &notes));
    loop.advance(40s);
    EXPECT_THAT(notes, testing::Contains("end stop"));
    EXPECT_TRUE(turns->is_free());
}

TEST(Turns, TellWhatTheirHolderWaitsFor) {
    Loop loop(Loop::Time::manual);
    TaskGroup group;
    std::vector<std::string> notes;
    auto turns = std::make_shared<Turns>();
    group.spawn(use_turn(turns, "save", 100s, &notes));
    {
        const auto aside = turns->aside("the hook");
        group.spawn(use_turn(turns, "start", 1s, &notes));
        loop.advance(31s);
    }
    EXPECT_THAT(notes.back(), testing::EndsWith("by 'save', which waits for the hook)"));
    group.spawn(use_turn(turns, "start", 1s, &notes));
    loop.advance(31s);
    EXPECT_THAT(notes.back(), testing::EndsWith("by 'save')"));
    loop.advance(60s);
}

TEST(Turns, GivenAtTheLastMomentAreTaken) {
    Loop loop(Loop::Time::manual);
    TaskGroup group;
    std::vector<std::string> notes;
    auto turns = std::make_shared<Turns>();
    Turns::Turn first = loop.run(turns->take("save", 30s, "web"));
    // In the instant of the deadline, but before it: the waiting one gets the turn and has not run when it fires.
    const auto end = loop.at(loop.now() + 30s, [&first] { first.end(); });
    group.spawn(use_turn(turns, "start", 1s, &notes));
    loop.advance(40s);
    EXPECT_THAT(notes, testing::ElementsAre("begin start", "end start"));
    EXPECT_TRUE(turns->is_free());
}

TEST(Queue, AValueIsNotLostOnOneWhoIsCancelled) {
    Loop loop;
    TaskGroup group, cancelled;
    Queue<int> queue;
    std::optional<int> first, second;
    cancelled.spawn(pop_one(&queue, &first));
    group.spawn(pop_one(&queue, &second));
    cancelled.cancel();
    queue.try_push(1);
    loop.run_ready();
    EXPECT_EQ(first, std::nullopt);
    EXPECT_EQ(second, 1);
    queue.close();
    loop.run_ready();
}

Task<int> cancel_and_answer(TaskGroup* group) {
    group->cancel();
    co_return 1;
}
Task<> sum_of_all(TaskGroup* group, int* result) {
    std::vector<Task<int>> tasks;
    tasks.push_back(cancel_and_answer(group));
    tasks.push_back(answer());
    const auto values = co_await all(std::move(tasks));
    *result = values[0] + values[1];
}

TEST(All, CancelledBeforeEachHasBegunHasNoResult) {
    Loop loop;
    TaskGroup group;
    int result = 0;
    group.spawn(sum_of_all(&group, &result));
    loop.run_ready();
    EXPECT_EQ(group.size(), 0U);
    EXPECT_EQ(result, 0);
}

TEST(Loop, TakesWhatNeverRanWithIt) {
    std::shared_ptr<Loop::Timer> timer;
    std::weak_ptr<Loop::Timer> watched;
    {
        Loop loop;
        timer = loop.at(loop.now() + 1h, [] {});
        watched = timer;
        loop.post([held = std::move(timer)]() mutable { held.reset(); });
    }
    EXPECT_TRUE(watched.expired());
}

TEST(Pool, GivesResultsAndExceptionsBack) {
    Loop loop;
    EXPECT_EQ(loop.run(in_pool([] { return std::string("done"); })), "done");
    EXPECT_THROW(loop.run(in_pool([] { throw Error(ErrorCode::internal_error, "x"); })), Error);
}

TEST(Process, TellsHowItEnded) {
    Loop loop;
    auto process = Process::start({.argv = {"/bin/sh", "-c", "exit 3"}});
    EXPECT_EQ(loop.run(process.exited()).code, 3);
    EXPECT_FALSE(process.send_signal(SIGTERM));
    auto sleeper = Process::start({.argv = {"/bin/sleep", "1000"}});
    EXPECT_TRUE(sleeper.send_signal(SIGKILL));
    EXPECT_EQ(loop.run(sleeper.exited()).signal, SIGKILL);
}

TEST(Process, SaysWhatCouldNotBeExecuted) {
    Loop loop;
    try {
        Process::start({.argv = {"/no/such/file"}});
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.message(), "cannot execute for '/no/such/file': No such file or directory");
    }
}

TEST(Process, HasTheLimitOfDescriptorsThatWeHadAtFirst) {
    rlimit before{};
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
    const rlimit few{.rlim_cur = 500, .rlim_max = before.rlim_max};
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &few), 0);
    EXPECT_EQ(raise_descriptor_limit(), before.rlim_max);
    Loop loop;
    const auto output = loop.run(run_command({.argv = {"/bin/sh", "-c", "ulimit -n"}}, 10s));
    EXPECT_EQ(output.out, "500\n");
    EXPECT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
    EXPECT_EQ(before.rlim_cur, before.rlim_max);
}

TEST(RunCommand, FeedsAndCollects) {
    Loop loop;
    const auto output = loop.run(run_command({.argv = {"/bin/sh", "-c", "cat; echo oops >&2"}}, 10s, 1 << 20, "words"));
    EXPECT_TRUE(output.status.ok());
    EXPECT_EQ(output.out, "words");
    EXPECT_EQ(output.err, "oops\n");
}

Task<> note_hang_up(Descriptor* end, bool* gone) {
    co_await end->hung_up();
    *gone = true;
}

TEST(Descriptor, NoticesThatTheOtherEndIsGoneThoughThereIsMoreToRead) {
    Loop loop;
    TaskGroup group;
    int ends[2];
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    Descriptor here{Fd(ends[0])};
    Fd there(ends[1]);
    bool gone = false;
    group.spawn(note_hang_up(&here, &gone));
    ASSERT_EQ(::write(there.get(), "x", 1), 1);
    loop.run_ready();
    EXPECT_FALSE(gone);
    there.reset();
    loop.run_ready();
    EXPECT_TRUE(gone);
    std::array<std::byte, 4> buffer;
    EXPECT_EQ(here.try_read(buffer), 1U);
}

TEST(Process, PassesDescriptorsUnderTheNumbersAskedFor) {
    Loop loop;
    int ends[2];
    ASSERT_EQ(pipe(ends), 0);
    Descriptor reading{Fd(ends[0])};
    Fd writing(ends[1]);
    auto process =
        Process::start({.argv = {"/bin/sh", "-c", "echo -n hello >&7"}, .descriptors = {{writing.get(), 7}}});
    writing.reset();
    std::array<std::byte, 16> buffer;
    EXPECT_EQ(loop.run(reading.read_some(buffer)), 5U);
    EXPECT_TRUE(loop.run(process.exited()).ok());
}

}  // namespace
}  // namespace innkeeper
