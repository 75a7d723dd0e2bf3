#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <type_traits>

#include "loop/loop.h"

namespace innkeeper {

namespace detail {

/// Cancels its scope when its time is over.
class Deadline {
  public:
    Deadline(Scope* parent, std::chrono::milliseconds limit);
    Scope& scope() { return scope_; }
    /// Throws operation_timeout if the deadline has passed; otherwise rethrows the Cancelled that is being handled.
    [[noreturn]] void rethrow(const std::string& what) const;

  private:
    Scope scope_;
    std::chrono::milliseconds limit_;
    bool passed_ = false;
    std::unique_ptr<Loop::Timer> timer_;
};

template <class T>
Task<> store_at(Task<T> task, std::optional<T>* slot) {
    slot->emplace(co_await std::move(task));
}

}  // namespace detail

template <class T>
Task<T> within(std::chrono::milliseconds limit, std::string what, Task<T> task) {
    detail::Deadline deadline(co_await current_scope(), limit);
    try {
        co_return co_await std::move(task).under(deadline.scope());
    } catch (const Cancelled&) {
        deadline.rethrow(what);
    }
}

template <class T>
Task<std::vector<T>> all(std::vector<Task<T>> tasks) {
    std::vector<std::optional<T>> slots(tasks.size());
    std::vector<Task<>> stores;
    stores.reserve(tasks.size());
    for (std::size_t i = 0; i < tasks.size(); ++i) stores.push_back(detail::store_at(std::move(tasks[i]), &slots[i]));
    co_await all(std::move(stores));
    std::vector<T> results;
    results.reserve(slots.size());
    for (auto& slot : slots) results.push_back(std::move(*slot));
    co_return results;
}

}  // namespace innkeeper
