#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "base/fd.h"
#include "loop/scope.h"
#include "loop/task.h"

namespace innkeeper {

/// A file descriptor that the loop watches: a socket, pipe, pty, pidfd or signalfd. Made non-blocking. At most one
/// coroutine waits in each direction at a time.
class Descriptor {
  public:
    explicit Descriptor(Fd fd);
    Descriptor(Descriptor&&) noexcept;
    Descriptor& operator=(Descriptor&&) noexcept;
    /// Nobody may be waiting any more: cancel its tasks first, or call close().
    ~Descriptor();

    int get() const;
    /// Ends all waits (they return; the next operation fails) and closes the descriptor.
    void close();
    bool is_closed() const;

    Task<> readable();
    Task<> writable();
    /// Returns when the other end is gone, whatever is still to be read: of a socket, pipe or pseudo terminal.
    Task<> hung_up();

    /// What is there, waiting for the first byte; 0 at the end of the file. Throws Error (system_error).
    Task<std::size_t> read_some(std::span<std::byte> into);
    /// Everything. Throws Error (system_error), also when the other end is gone (EPIPE; no signal is raised).
    Task<> write_all(std::string_view bytes);

    /// Without waiting: nullopt if nothing can be read or written now.
    std::optional<std::size_t> try_read(std::span<std::byte> into);
    std::optional<std::size_t> try_write(std::string_view bytes);

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace innkeeper
