#include "loop/loop.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cassert>
#include <map>
#include <vector>

#include "loop/group.h"
#include "loop/impl.h"
#include "loop/turn.h"

namespace innkeeper {

namespace {

thread_local Loop* current_loop = nullptr;

}  // namespace

/// Timers in order of time; one Asio timer waits for the first of them.
struct Loop::Impl::Timers {
    using Key = std::pair<Clock::time_point, std::uint64_t>;
    std::map<Key, std::move_only_function<void()>> pending;
    std::uint64_t next = 0;
    boost::asio::steady_timer alarm;
    std::optional<Clock::time_point> armed;

    explicit Timers(boost::asio::io_context& context) : alarm(context) {}
};

namespace {

class PendingTimer final : public Loop::Timer {
  public:
    PendingTimer(std::weak_ptr<Loop::Impl::Timers> timers, Loop::Impl::Timers::Key key)
        : timers_(std::move(timers)), key_(key) {}
    ~PendingTimer() override {
        if (const auto timers = timers_.lock()) timers->pending.erase(key_);
    }

  private:
    // Work that was posted and never ran goes with the loop itself, and may own a timer.
    std::weak_ptr<Loop::Impl::Timers> timers_;
    Loop::Impl::Timers::Key key_;
};

}  // namespace

Loop::Impl::Impl(Time time_source) : context(1), work(boost::asio::make_work_guard(context)), time(time_source) {
    timers = std::make_shared<Timers>(context);
}

Loop::Impl::~Impl() = default;

void Loop::Impl::run_due() {
    while (!timers->pending.empty() && timers->pending.begin()->first.first <= now()) {
        auto call = std::move(timers->pending.begin()->second);
        timers->pending.erase(timers->pending.begin());
        call();
    }
    arm();
}

void Loop::Impl::arm() {
    if (time == Time::manual) return;
    if (timers->pending.empty()) {
        if (timers->armed) timers->alarm.cancel();
        timers->armed.reset();
        return;
    }
    const auto first = timers->pending.begin()->first.first;
    if (timers->armed == first) return;
    timers->armed = first;
    timers->alarm.expires_at(first);
    timers->alarm.async_wait([this](const boost::system::error_code& error) {
        if (error) return;
        timers->armed.reset();
        run_due();
    });
}

Clock::time_point Loop::Impl::now() const { return time == Time::manual ? manual_now : Clock::now(); }

void Loop::Impl::drain() {
    draining = false;
    ++turn;
    // What a coroutine makes ready runs in the next turn, so that descriptors and timers get theirs in between.
    running.swap(ready);
    for (const auto handle : running) handle.resume();
    running.clear();
}

Loop::Loop(Time time) : impl_(std::make_unique<Impl>(time)) {
    assert(current_loop == nullptr);
    current_loop = this;
}

Loop::~Loop() {
    impl_.reset();
    current_loop = nullptr;
}

Loop& Loop::current() noexcept {
    assert(current_loop != nullptr);
    return *current_loop;
}

void Loop::run() {
    impl_->context.restart();
    impl_->context.run();
}

void Loop::stop() { impl_->context.stop(); }

void Loop::run_ready() {
    impl_->context.restart();
    impl_->context.poll();
}

void Loop::schedule(std::coroutine_handle<> handle) noexcept {
    impl_->ready.push_back(handle);
    if (std::exchange(impl_->draining, true)) return;
    boost::asio::post(impl_->context, [impl = impl_.get()] { impl->drain(); });
}

void Loop::post(std::move_only_function<void()> work) {
    boost::asio::post(impl_->context, [work = std::move(work)]() mutable { work(); });
}

Clock::time_point Loop::now() const { return impl_->now(); }
std::uint64_t loop_turn() { return Loop::current().impl().turn; }

void Loop::advance(Clock::duration by) {
    assert(impl_->time == Time::manual);
    run_ready();
    const auto target = impl_->manual_now + by;
    // Stop at each timer on the way, so that what it starts sees the time at which it fired.
    while (!impl_->timers->pending.empty() && impl_->timers->pending.begin()->first.first <= target) {
        impl_->manual_now = std::max(impl_->manual_now, impl_->timers->pending.begin()->first.first);
        impl_->run_due();
        run_ready();
    }
    impl_->manual_now = target;
    run_ready();
}

std::unique_ptr<Loop::Timer> Loop::at(Clock::time_point when, std::move_only_function<void()> call) {
    const Impl::Timers::Key key{when, impl_->timers->next++};
    impl_->timers->pending.emplace(key, std::move(call));
    impl_->arm();
    return std::make_unique<PendingTimer>(impl_->timers, key);
}

namespace {

Task<> finish(Task<> task, std::exception_ptr* error, bool* done, Loop* loop) {
    try {
        co_await std::move(task);
    } catch (...) {
        *error = std::current_exception();
    }
    *done = true;
    loop->stop();
}

}  // namespace

void Loop::run_task(Task<> task) {
    std::exception_ptr error;
    bool done = false;
    TaskGroup group;
    group.spawn(finish(std::move(task), &error, &done, this));
    while (!done) run();
    if (error) std::rethrow_exception(error);
}

Task<> sleep_for(Clock::duration duration) {
    Wait wait;
    const auto timer = Loop::current().at(Loop::current().now() + duration, [&wait] { wait.wake(); });
    co_await wait;
}

}  // namespace innkeeper
