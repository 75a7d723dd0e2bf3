#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace innkeeper::rpc {

/// What one client, and all together, may ask of the daemon. The first group are settings, the second bounds that no
/// well-behaved client meets.
struct Limits {
    unsigned max_clients = 5000;
    unsigned max_anonymous_clients = 20;  ///< 0: any number
    unsigned max_client_requests = 5;
    std::chrono::seconds keepalive_interval{5};  ///< negative: never ask
    unsigned keepalive_count = 5;

    /// Behind calls in progress the server reads on, so that keepalive is answered and stream packets reach their
    /// streams; so many calls may wait there.
    std::size_t waiting_calls = 32;
    std::size_t waiting_bytes = 1U << 20;
    /// While so much waits for a slow reader, its calls are not begun.
    std::size_t outgoing_pause = 1U << 20;
    /// A client that does not read its events is dropped when so much waits for it.
    std::size_t outgoing_most = 32U << 20;
    /// What a stream's handler has not taken yet; beyond that the client's socket is not read.
    std::size_t stream_incoming = 2U << 20;
    std::size_t streams = 64;
    /// A client that has not told who it is: its longest message (a SASL step with 64 KiB, four bytes each), what may
    /// wait for it before its calls are not begun, and its time.
    std::uint32_t anonymous_message = 512U << 10;
    std::size_t anonymous_outgoing = 64U << 10;
    std::chrono::seconds anonymous_time{30};
    /// When there are as many of them as may be and others wait, those give way that have said nothing for the first
    /// time, and those that are not done after the second, unless somebody is asked about them just then.
    std::chrono::milliseconds silence_when_full{50}, anonymous_time_when_full{5000};
    /// One that polkit is asked about gets more, some times.
    std::chrono::seconds authentication_time{180};
    unsigned authentication_attempts = 10;
};

}  // namespace innkeeper::rpc
