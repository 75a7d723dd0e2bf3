#include "loop/pool.h"

#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <exception>
#include <thread>

#include "loop/loop.h"

namespace innkeeper::detail {

namespace {

/// Made at first use, so that a daemon that never needs it has no threads beside the loop's.
boost::asio::thread_pool& pool() {
    static boost::asio::thread_pool threads(4);
    return threads;
}

}  // namespace

namespace {

/// Hands `call` to `post`, which gets it to another thread, and waits until it has run there.
template <class Post>
Task<> run_elsewhere(std::move_only_function<void()> work, Post post) {
    Wait wait;
    std::exception_ptr error;
    Loop& loop = Loop::current();
    post([&work, &wait, &error, &loop] {
        try {
            work();
        } catch (...) {
            error = std::current_exception();
        }
        loop.post([&wait] { wait.wake(); });
    });
    // The thread uses this frame: nothing may end it early, so it waits outside the caller's scope.
    struct Unscoped {
        Wait& wait;
        bool await_ready() const noexcept { return false; }
        bool await_suspend(std::coroutine_handle<> handle) noexcept { return wait.suspend_unscoped(handle); }
        void await_resume() const noexcept {}
    };
    co_await Unscoped{wait};
    if (error) std::rethrow_exception(error);
}

}  // namespace

Task<> run_in_pool(std::move_only_function<void()> work) {
    return run_elsewhere(std::move(work), [](auto call) { boost::asio::post(pool(), std::move(call)); });
}

Task<> run_in_thread(std::move_only_function<void()> work) {
    return run_elsewhere(std::move(work), [](auto call) { std::thread(std::move(call)).detach(); });
}

}  // namespace innkeeper::detail
