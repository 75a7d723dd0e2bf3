#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/fd.h"
#include "rpc/codec/caller.h"

/// A connection carries bytes, and on UNIX sockets descriptors beside them. It never waits: who uses it watches its
/// descriptor. What wraps the bytes (TLS, a SASL layer) is another Connection.
namespace innkeeper::rpc {

class Connection {
  public:
    virtual ~Connection() = default;

    /// What became of an attempt to read or write.
    struct Result {
        enum class Kind { done, would_block, ended };
        Kind kind = Kind::done;
        std::size_t bytes = 0;
        Fd descriptor;  ///< read only: arrived with the last of the bytes
    };

    /// At least one byte, or why not. A broken connection has ended as well: its error is nobody's concern.
    virtual Result read(std::span<char> into) = 0;
    /// As much as goes out now. After would_block the next write begins with the same bytes.
    virtual Result write(std::span<const iovec> bytes) = 0;
    /// One zero byte that carries a descriptor (WIRE.md, section 3). Only of one that carries_descriptors().
    virtual Result write_descriptor(int) { return {.kind = Result::Kind::ended}; }

    /// What has to happen before the first message: a handshake.
    enum class Prepared { yes, when_readable, when_writable };
    virtual bool needs_preparing() const { return false; }
    /// Goes on with it as far as it goes now. This may keep a core busy, so it is called on a thread of the pool;
    /// nothing else is called meanwhile. Throws Error saying why the other end is not taken.
    virtual Prepared prepare() { return Prepared::yes; }

    /// Ends the connection for the other end to see; what identifies it can still be asked.
    virtual void close() = 0;

    /// What the loop watches.
    virtual int descriptor() const = 0;
    /// Bytes that were read from the descriptor but not yet by us, which the loop cannot see.
    virtual bool has_pending() const { return false; }
    virtual bool carries_descriptors() const { return false; }

    /// Authentication adds what it learns.
    virtual Identity& identity() = 0;
    /// Address and port, as SASL names them: "192.0.2.1;16509", "127.0.0.1;0" for a UNIX socket.
    virtual std::string remote_address() const = 0;
    virtual std::string local_address() const = 0;
    /// Nobody on the way can read or change the bytes.
    virtual bool is_secure() const = 0;
    /// Bits of the key that protects them; 0 where nothing does or nothing has to.
    virtual unsigned strength() const { return 0; }
};

/// A connected UNIX stream socket; takes the identity of the other end now. Throws Error (system_error).
std::unique_ptr<Connection> unix_connection(Fd socket);
/// A connected TCP socket. Throws Error (system_error), also if the other end has gone already.
std::unique_ptr<Connection> tcp_connection(Fd socket);

/// Connects to a listening UNIX socket. Throws Error (system_error) naming the path.
std::unique_ptr<Connection> connect_unix(const std::string& path);
/// The same without ever waiting: nothing if too many others wait for the listener, which may come again later.
std::unique_ptr<Connection> try_connect_unix(const std::string& path);

}  // namespace innkeeper::rpc
