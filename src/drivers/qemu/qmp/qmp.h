#pragma once

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <chrono>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.h"
#include "loop/task.h"

namespace innkeeper::qemu {

/// What QEMU says of itself, unasked.
struct QmpEvent {
    std::string name;
    boost::json::object data;
    std::int64_t seconds = 0;
    std::uint32_t micros = 0;
};

/// One command on its way to QEMU.
struct QmpCommand {
    std::string name;
    boost::json::object arguments;
};

struct QmpFailure {
    std::string kind;  ///< QEMU's error class: "GenericError", "CommandNotFound", …
    std::string text;  ///< QEMU's sentence
};
/// What a command gave back, or what QEMU had against it.
using QmpReply = std::expected<boost::json::value, QmpFailure>;

/// The client's side of a QEMU monitor (or guest agent: the same language) on one connection.
///
/// Commands may be on their way in any number; replies find theirs by id, and each wait has a deadline that names the
/// guest and the command. What QEMU sends is not trusted: a line may have at most 10 MiB and 64 levels, what nobody
/// waits for is dropped, and a guest that floods is read slower, so that it delays nobody but itself. Once the
/// connection is lost (end, garbage, a line too long) every wait fails, now and later.
///
/// `close()` must have been awaited before it is destroyed.
class Qmp {
  public:
    /// Called on the loop, in the order of arrival. Must neither wait nor throw.
    struct Callbacks {
        std::function<void(const QmpEvent&)> event;
        std::function<void()> lost;
    };

    /// `guest` is for messages. Introduces itself (qmp_capabilities) at once: what is executed next goes behind that,
    /// even if QEMU is not there yet to accept the connection.
    Qmp(Fd socket, std::string guest, Callbacks callbacks);
    ~Qmp();

    /// Throws Error: internal_error with QEMU's sentence if it refuses, operation_timeout after `limit`,
    /// operation_failed if the connection is lost.
    Task<boost::json::value> execute(std::string command, boost::json::object arguments = {},
                                     std::chrono::milliseconds limit = std::chrono::seconds(30));

    /// All in one send; replies in the order of the commands. Throws only if the whole fails.
    Task<std::vector<QmpReply>> batch(std::vector<QmpCommand> commands,
                                      std::chrono::milliseconds limit = std::chrono::seconds(30));

    /// As execute("getfd"), the descriptor travelling with the command.
    Task<> pass_descriptor(std::string name, Fd fd, std::chrono::milliseconds limit = std::chrono::seconds(30));

    bool is_lost() const;
    /// Ends all waits and the connection.
    Task<> close();

    /// The Error for a refused command, as `execute` throws it.
    [[noreturn]] static void refuse(std::string_view command, const QmpFailure& failure);

  private:
    struct Link;
    std::shared_ptr<Link> link_;
};

}  // namespace innkeeper::qemu
