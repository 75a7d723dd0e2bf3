#include "loop/group.h"

#include <fmt/format.h>

#include <cassert>

#include "base/error.h"
#include "base/log.h"

namespace innkeeper {

/// The coroutine that drives one task of a group and destroys itself at its end.
struct TaskGroup::Runner {
    struct promise_type {
        Scope* scope = nullptr;

        promise_type(TaskGroup* group, Task<>&) : scope(&group->scope_) {}
        Runner get_return_object() { return {}; }
        std::suspend_never initial_suspend() noexcept { return {}; }
        std::suspend_never final_suspend() noexcept { return {}; }
        void return_void() noexcept {}
        void unhandled_exception() noexcept { std::terminate(); }
    };
};

TaskGroup::Runner TaskGroup::run(TaskGroup* group, Task<> task) {
    std::exception_ptr error;
    {
        // The task's frame goes before the group hears of its end: what it holds may belong to the group's owner.
        Task<> running = std::move(task);
        try {
            co_await std::move(running);
        } catch (const Cancelled&) {
        } catch (...) {
            error = std::current_exception();
        }
    }
    if (error) {
        if (group->failed_) {
            group->failed_(error);
        } else {
            try {
                std::rethrow_exception(error);
            } catch (const std::exception& failure) {
                log::error("a background task failed: {}", failure.what());
            }
        }
    }
    group->ended();
}

TaskGroup::~TaskGroup() { assert(running_ == 0); }

void TaskGroup::spawn(Task<> task) {
    if (closed_) return;
    ++running_;
    run(this, std::move(task));
}

void TaskGroup::ended() {
    if (--running_ > 0) return;
    for (Wait* wait : std::exchange(idle_, {})) wait->wake();
}

void TaskGroup::cancel() {
    closed_ = true;
    scope_.cancel();
}

Task<> TaskGroup::idle() {
    while (running_ > 0) {
        Wait wait;
        idle_.push_back(&wait);
        try {
            co_await wait;
        } catch (const Cancelled&) {
            std::erase(idle_, &wait);
            throw;
        }
    }
}

Task<> TaskGroup::close() {
    cancel();
    co_await idle();
}

namespace detail {

Deadline::Deadline(Scope* parent, std::chrono::milliseconds limit) : scope_(parent), limit_(limit) {
    timer_ = Loop::current().at(Loop::current().now() + limit, [this] {
        passed_ = true;
        scope_.cancel();
    });
}

void Deadline::rethrow(const std::string& what) const {
    if (!passed_) throw;
    throw Error(ErrorCode::operation_timeout,
                fmt::format("{} did not finish within {:.3g} s", what, std::chrono::duration<double>(limit_).count()));
}

}  // namespace detail

namespace {

Task<> run_one(Task<> task, std::exception_ptr* error) {
    try {
        co_await std::move(task);
    } catch (...) {
        *error = std::current_exception();
    }
}

}  // namespace

Task<> all(std::vector<Task<>> tasks) {
    Scope* parent = co_await current_scope();
    TaskGroup group;
    Scope link(parent);  // cancelling the caller cancels the group
    struct Relay final : Cancellable {
        TaskGroup& group;
        explicit Relay(TaskGroup& g) : group(g) {}
        void cancelled() noexcept override { group.cancel(); }
    } relay(group);
    if (link.is_cancelled()) throw Cancelled();
    link.add(relay);

    std::vector<std::exception_ptr> errors(tasks.size());
    for (std::size_t i = 0; i < tasks.size(); ++i) group.spawn(run_one(std::move(tasks[i]), &errors[i]));
    // Even a cancelled caller waits for its tasks: they hold references into this frame.
    Scope unhurried;
    co_await group.idle().under(unhurried);
    for (const auto& error : errors)
        if (error) std::rethrow_exception(error);
    // A group that was cancelled meanwhile drops what it has not begun, which leaves no error behind.
    if (link.is_cancelled()) throw Cancelled();
}

}  // namespace innkeeper
