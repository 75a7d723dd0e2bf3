#pragma once

#include <coroutine>
#include <exception>
#include <optional>
#include <utility>

#include "loop/scope.h"

/// Task<T>: a coroutine that starts when it is awaited and gives a T, or throws. One owner, awaited once. What it waits
/// for runs under the scope of whoever awaits it, so that cancelling a scope reaches every wait below it.
///
/// A started task is never destroyed while it waits: it is cancelled, its waits throw Cancelled, and it unwinds.
namespace innkeeper {

namespace detail {

struct PromiseBase {
    std::coroutine_handle<> continuation;
    Scope* scope = nullptr;
    std::exception_ptr error;

    struct Final {
        bool await_ready() const noexcept { return false; }
        template <class P>
        std::coroutine_handle<> await_suspend(std::coroutine_handle<P> self) const noexcept {
            auto next = self.promise().continuation;
            return next ? next : std::noop_coroutine();
        }
        void await_resume() const noexcept {}
    };

    std::suspend_always initial_suspend() noexcept { return {}; }
    Final final_suspend() noexcept { return {}; }
    void unhandled_exception() noexcept { error = std::current_exception(); }
};

template <class T>
struct Promise;

}  // namespace detail

template <class T = void>
class [[nodiscard]] Task {
  public:
    using promise_type = detail::Promise<T>;
    using Handle = std::coroutine_handle<promise_type>;

    explicit Task(Handle handle) : handle_(handle) {}
    Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, {})) {}
    Task& operator=(Task&& other) noexcept {
        if (this != &other) {
            if (handle_) handle_.destroy();
            handle_ = std::exchange(other.handle_, {});
        }
        return *this;
    }
    ~Task() {
        if (handle_) handle_.destroy();
    }

    struct Awaiter {
        Handle handle;
        Scope* scope_instead = nullptr;

        bool await_ready() const noexcept { return false; }
        template <class P>
        std::coroutine_handle<> await_suspend(std::coroutine_handle<P> caller) noexcept {
            handle.promise().continuation = caller;
            handle.promise().scope = scope_instead != nullptr ? scope_instead : caller.promise().scope;
            return handle;
        }
        T await_resume() { return handle.promise().result(); }
    };

    Awaiter operator co_await() && noexcept { return Awaiter{handle_}; }
    /// Awaits it under another scope than the caller's.
    Awaiter under(Scope& scope) && noexcept { return Awaiter{handle_, &scope}; }

  private:
    Handle handle_;
};

namespace detail {

template <class T>
struct Promise : PromiseBase {
    std::optional<T> value;
    Task<T> get_return_object() { return Task<T>(std::coroutine_handle<Promise>::from_promise(*this)); }
    template <class U>
    void return_value(U&& result) {
        value.emplace(std::forward<U>(result));
    }
    T result() {
        if (error) std::rethrow_exception(error);
        return std::move(*value);
    }
};

template <>
struct Promise<void> : PromiseBase {
    Task<void> get_return_object();
    void return_void() noexcept {}
    void result() const {
        if (error) std::rethrow_exception(error);
    }
};

inline Task<void> Promise<void>::get_return_object() {
    return Task<void>(std::coroutine_handle<Promise>::from_promise(*this));
}

}  // namespace detail

}  // namespace innkeeper
