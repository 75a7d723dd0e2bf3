#pragma once

#include <algorithm>
#include <cstddef>
#include <deque>
#include <limits>
#include <optional>
#include <utility>

#include "loop/scope.h"
#include "loop/task.h"

namespace innkeeper {

/// Values on their way from one coroutine to another, in order. With a bound, who pushes into a full queue waits: that
/// is how back-pressure travels.
template <class T>
class Queue {
  public:
    explicit Queue(std::size_t bound = std::numeric_limits<std::size_t>::max()) : bound_(bound) {}

    /// False if the queue is full or closed.
    bool try_push(T value) {
        if (closed_ || values_.size() >= bound_) return false;
        values_.push_back(std::move(value));
        wake_one(poppers_);
        return true;
    }
    /// Waits for room. False if the queue is closed.
    Task<bool> push(T value) {
        while (!closed_ && values_.size() >= bound_) co_await waiting_in(&pushers_);
        co_return try_push(std::move(value));
    }
    /// Waits for a value; nullopt once the queue is closed and empty.
    Task<std::optional<T>> pop() {
        while (values_.empty() && !closed_) co_await waiting_in(&poppers_);
        co_return try_pop();
    }
    std::optional<T> try_pop() {
        if (values_.empty()) return std::nullopt;
        std::optional<T> value(std::move(values_.front()));
        values_.pop_front();
        wake_one(pushers_);
        return value;
    }
    /// Nothing more comes in; what is in can still be taken out.
    void close() {
        closed_ = true;
        while (!poppers_.empty()) wake_one(poppers_);
        while (!pushers_.empty()) wake_one(pushers_);
    }
    bool is_closed() const { return closed_; }
    std::size_t size() const { return values_.size(); }

  private:
    using Waiting = std::deque<Wait*>;

    static Task<> waiting_in(Waiting* list) {
        Wait wait;
        list->push_back(&wait);
        try {
            co_await wait;
        } catch (const Cancelled&) {
            // If it was already chosen to go on, another one goes in its place.
            if (std::erase(*list, &wait) == 0) wake_one(*list);
            throw;
        }
    }
    static void wake_one(Waiting& list) {
        if (list.empty()) return;
        Wait* first = list.front();
        list.pop_front();
        first->wake();
    }

    std::size_t bound_;
    bool closed_ = false;
    std::deque<T> values_;
    Waiting poppers_, pushers_;
};

}  // namespace innkeeper
