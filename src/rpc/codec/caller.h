#pragma once

#include <sys/types.h>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "base/fd.h"
#include "rpc/codec/procedure.h"

/// What a handler may ask of the client that called it.
namespace innkeeper::rpc {

class Stream;

/// Who is at the other end, as the kernel and the authentication told.
struct Identity {
    std::optional<uid_t> uid;
    std::optional<gid_t> gid;
    std::optional<pid_t> pid;
    std::uint64_t process_start = 0;  ///< in clock ticks since boot; tells a process from a later one with its pid
    std::string user;                 ///< the name of uid, when known
    std::string group;
    std::string selinux_context;
    std::string sasl_user;
    std::string x509_name;
    bool is_system = false;  ///< one of the host's own daemons asks, which may see what clients may not
};

/// One connection of a client. It outlives its calls: whoever keeps a pointer may find that the client has gone, and
/// what he sends then goes nowhere.
class ClientSession : public std::enable_shared_from_this<ClientSession> {
  public:
    virtual ~ClientSession() = default;

    virtual std::uint64_t id() const = 0;
    virtual bool read_only() const = 0;
    virtual const Identity& identity() const = 0;

    /// Sends an event. The payload is encoded once and shared by all who get it.
    virtual void send_event(const protocol::Procedure& row, std::shared_ptr<const std::string> payload) = 0;
    /// Opens the stream of the call that is being handled; see rpc/codec/stream.h.
    virtual std::shared_ptr<Stream> open_stream(const protocol::Procedure& row, std::uint32_t serial, bool sparse) = 0;

    /// Runs `gone` when the connection ends, unless it is cancelled with the number returned here before.
    virtual std::uint64_t on_close(std::move_only_function<void()> gone) = 0;
    virtual void cancel_on_close(std::uint64_t number) = 0;
};

/// One call: who makes it, which, and the descriptors that came with it.
struct Caller {
    std::shared_ptr<ClientSession> session;
    std::uint32_t serial = 0;
    const protocol::Procedure* row = nullptr;
    /// Passed in by the client (null when none); a handler whose procedure returns descriptors puts them into
    /// reply_fds.
    std::shared_ptr<std::vector<Fd>> fds;
    std::shared_ptr<std::vector<Fd>> reply_fds;
    /// Names (of secrets and ports: UUIDs) of what this call may list and count; null: everything.
    std::shared_ptr<const std::unordered_set<std::string>> visible;

    bool sees(const std::string& name) const { return !visible || visible->contains(name); }
};

}  // namespace innkeeper::rpc
