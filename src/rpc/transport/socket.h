#pragma once

// Private to this room: what connections over a socket have in common.

#include <sys/socket.h>

#include <cerrno>

#include "rpc/transport/connection.h"

namespace innkeeper::rpc {

/// Makes it non-blocking. Throws Error (system_error).
void set_nonblocking(int socket);

inline Connection::Result failed_transfer(int error) {
    const bool later = error == EAGAIN || error == EWOULDBLOCK;
    return {.kind = later ? Connection::Result::Kind::would_block : Connection::Result::Kind::ended};
}

/// One sendmsg() that raises no signal and never waits.
inline Connection::Result send_now(int socket, const msghdr& message) {
    for (;;) {
        const ssize_t size = ::sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (size >= 0) return {.bytes = static_cast<std::size_t>(size)};
        if (errno != EINTR) return failed_transfer(errno);
    }
}

inline Connection::Result send_now(int socket, std::span<const iovec> bytes) {
    msghdr message{};
    message.msg_iov = const_cast<iovec*>(bytes.data());
    message.msg_iovlen = bytes.size();
    return send_now(socket, message);
}

}  // namespace innkeeper::rpc
