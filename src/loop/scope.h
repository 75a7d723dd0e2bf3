#pragma once

#include <coroutine>
#include <exception>

/// Scopes and waits: how a coroutine suspends, is woken, and is cancelled. Loop thread only.
namespace innkeeper {

/// Thrown out of a wait whose scope was cancelled. Not an Error: it unwinds, nobody reports it.
class Cancelled : public std::exception {
  public:
    const char* what() const noexcept override { return "cancelled"; }
};

/// What can be cancelled: a node in the list of its scope.
class Cancellable {
  public:
    Cancellable() = default;
    Cancellable(const Cancellable&) = delete;
    Cancellable& operator=(const Cancellable&) = delete;

  protected:
    virtual ~Cancellable() { unlink(); }
    void unlink() noexcept;
    bool linked() const noexcept { return previous_ != nullptr; }

  private:
    friend class Scope;
    virtual void cancelled() noexcept = 0;
    Cancellable* previous_ = nullptr;
    Cancellable* next_ = nullptr;
};

/// All waits made under it end together when it is cancelled. Scopes nest: cancelling one reaches those below.
class Scope : private Cancellable {
  public:
    explicit Scope(Scope* parent = nullptr);
    ~Scope() override;

    void cancel() noexcept;
    bool is_cancelled() const noexcept { return cancelled_; }
    void add(Cancellable& node) noexcept;

  private:
    void cancelled() noexcept override { cancel(); }
    struct Head final : Cancellable {
        void cancelled() noexcept override {}
    } head_;
    bool cancelled_ = false;
};

/// One suspension. `co_await wait` returns after somebody called wake(), or throws Cancelled. The coroutine runs in a
/// later turn of the loop, never inside wake(), so that whoever wakes need not fear for its own state. Lives in the
/// frame of the coroutine that awaits it, or in what outlives it.
class Wait : public Cancellable {
  public:
    Wait() = default;
    ~Wait() override = default;

    /// Ends the wait. Harmless when repeated.
    void wake() noexcept;
    bool is_woken() const noexcept { return woken_; }

    bool await_ready() const noexcept { return woken_; }
    template <class P>
    bool await_suspend(std::coroutine_handle<P> handle) noexcept {
        return suspend(handle, handle.promise().scope);
    }
    void await_resume() const {
        if (cancelled_) throw Cancelled();
    }
    /// For an awaiter of one's own: suspends outside any scope, so that nothing but wake() ends it.
    bool suspend_unscoped(std::coroutine_handle<> handle) noexcept { return suspend(handle, nullptr); }

  private:
    bool suspend(std::coroutine_handle<> handle, Scope* scope) noexcept;
    void cancelled() noexcept override;

    std::coroutine_handle<> handle_;
    bool woken_ = false;
    bool cancelled_ = false;
};

/// The scope that the awaiting coroutine runs under: `Scope* scope = co_await current_scope();`
struct CurrentScope {
    Scope* scope = nullptr;
    bool await_ready() const noexcept { return false; }
    template <class P>
    bool await_suspend(std::coroutine_handle<P> handle) noexcept {
        scope = handle.promise().scope;
        return false;
    }
    Scope* await_resume() const noexcept { return scope; }
};
inline CurrentScope current_scope() { return {}; }

}  // namespace innkeeper
