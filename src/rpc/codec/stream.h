#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "base/error.h"
#include "loop/task.h"

/// Streams: the bytes that follow a call, in either direction (WIRE.md, section 9).
///
/// A handler that opens one answers its call as usual and leaves a coroutine behind that reads or writes until the end:
///
///     download:  co_await stream->write(block)…; co_await stream->finish_writing(); co_await stream->finished();
///                stream->complete();
///     upload:    while (auto chunk = co_await stream->read()) …; close the file; stream->complete();
///     console:   one coroutine that reads, one that writes; whoever ends first calls complete() or fail().
///
/// A stream ends exactly once: complete() or fail() from this side, or the client aborts or goes, upon which every wait
/// throws Error(operation_aborted). The last reference that goes while the stream is open fails it.
namespace innkeeper::rpc {

/// A stretch without bytes in a sparse stream.
struct Hole {
    std::int64_t length = 0;
    bool operator==(const Hole&) const = default;
};

/// What a client sent: bytes or a hole.
using Chunk = std::variant<std::string, Hole>;

class Stream {
  public:
    virtual ~Stream() = default;

    /// What the client sends next; nothing once it finished. One reader at a time. Until it is called, what the client
    /// sends waits, and counts against what the client may have under way.
    virtual Task<std::optional<Chunk>> read() = 0;

    /// Sends bytes, in packets that any client takes, and returns when the client may be sent more. One writer at a
    /// time.
    virtual Task<> write(std::string data) = 0;
    /// Sends a hole, which only a stream opened with the flag for it allows.
    virtual Task<> write_hole(std::int64_t length) = 0;
    /// Tells the client that no more bytes follow. The stream stays open until the client finishes.
    virtual Task<> finish_writing() = 0;

    /// Returns when the client has finished, whatever it still sent before.
    virtual Task<> finished() = 0;

    /// Ends the stream well: answers the client's finish, now or when it comes. Does nothing once it has ended.
    virtual void complete() = 0;
    /// Ends the stream with an error, which the client is told at once. Does nothing once it has ended.
    virtual void fail(Error error) = 0;

    virtual bool ended() const = 0;
    /// Returns when the stream has ended, in whichever way: for who waits for something else than the client.
    virtual Task<> end() = 0;
};

}  // namespace innkeeper::rpc
