#pragma once

#include <functional>
#include <optional>
#include <type_traits>
#include <utility>

#include "loop/task.h"

namespace innkeeper {

namespace detail {
Task<> run_in_pool(std::move_only_function<void()> work);
Task<> run_in_thread(std::move_only_function<void()> work);
}  // namespace detail

/// Runs `work` on the pool's few threads and waits for its result: for what blocks in the kernel or burns a core.
/// `work` is a pure function of the values that it captured; it must not touch anything that the loop owns. It cannot
/// be cancelled: the wait lasts until it ends.
template <class F, class R = std::invoke_result_t<F>>
Task<R> in_pool(F work) {
    if constexpr (std::is_void_v<R>) {
        co_await detail::run_in_pool(std::move(work));
    } else {
        std::optional<R> result;
        std::move_only_function<void()> call = [&result, &work] { result.emplace(work()); };
        co_await detail::run_in_pool(std::move(call));
        co_return std::move(*result);
    }
}

/// As in_pool, on a thread made for this work: for what may hang for ever, such as a folder on a server that is gone,
/// and must not take the pool's threads from everybody else. Whoever calls it bounds how many there are at once.
template <class F, class R = std::invoke_result_t<F>>
Task<R> in_thread(F work) {
    if constexpr (std::is_void_v<R>) {
        co_await detail::run_in_thread(std::move(work));
    } else {
        std::optional<R> result;
        std::move_only_function<void()> call = [&result, &work] { result.emplace(work()); };
        co_await detail::run_in_thread(std::move(call));
        co_return std::move(*result);
    }
}

}  // namespace innkeeper
