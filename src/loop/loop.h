#pragma once

#include <chrono>
#include <coroutine>
#include <functional>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include "loop/scope.h"
#include "loop/task.h"

namespace innkeeper {

using Clock = std::chrono::steady_clock;

/// The one thread that owns the state: runs coroutines, timers and descriptors. At most one per thread; everything
/// else in this room finds it through `Loop::current()`.
class Loop {
  public:
    /// With a manual clock, time stands still until `advance()`: for tests.
    enum class Time { real, manual };
    explicit Loop(Time time = Time::real);
    ~Loop();
    Loop(const Loop&) = delete;
    Loop& operator=(const Loop&) = delete;

    static Loop& current() noexcept;

    /// Runs until `stop()`.
    void run();
    void stop();
    /// Runs what is ready now, without waiting. For tests.
    void run_ready();

    /// Resumes the coroutine in a later turn. Loop thread only.
    void schedule(std::coroutine_handle<> handle) noexcept;
    /// Calls `work` on the loop's thread. From any thread.
    void post(std::move_only_function<void()> work);

    Clock::time_point now() const;
    /// Moves a manual clock and runs what became due.
    void advance(Clock::duration by);

    /// Calls back once at or after `when`, unless the handle is destroyed first. Loop thread only.
    class Timer;
    std::unique_ptr<Timer> at(Clock::time_point when, std::move_only_function<void()> call);

    /// Runs the loop until the task is done: for `main` and tests. Rethrows what it threw.
    template <class T>
    T run(Task<T> task) {
        if constexpr (std::is_void_v<T>) {
            run_task(std::move(task));
        } else {
            std::optional<T> result;
            run_task(store(std::move(task), &result));
            return std::move(*result);
        }
    }

    struct Impl;
    Impl& impl() { return *impl_; }

  private:
    template <class T>
    static Task<> store(Task<T> task, std::optional<T>* result) {
        result->emplace(co_await std::move(task));
    }
    void run_task(Task<> task);

    std::unique_ptr<Impl> impl_;
};

class Loop::Timer {
  public:
    virtual ~Timer() = default;
};

/// Waits that long on the loop's clock.
Task<> sleep_for(Clock::duration duration);

}  // namespace innkeeper
