#pragma once

// Private to this room: nothing outside includes it, since it brings Asio along.

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <vector>

#include "loop/loop.h"

namespace innkeeper {

struct Loop::Impl {
    explicit Impl(Time time_source);
    ~Impl();

    void drain();
    void run_due();
    void arm();
    Clock::time_point now() const;

    boost::asio::io_context context;
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work;
    const Time time;
    Clock::time_point manual_now{};
    struct Timers;
    std::shared_ptr<Timers> timers;
    struct Watches;
    std::shared_ptr<Watches> watches;  ///< made when the first is wanted
    std::vector<std::coroutine_handle<>> ready, running;
    bool draining = false;
    std::uint64_t turn = 0;  ///< counts batches of coroutines and of descriptors
};

}  // namespace innkeeper
