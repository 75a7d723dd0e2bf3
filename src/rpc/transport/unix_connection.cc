#include <fcntl.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "base/error.h"
#include "rpc/transport/identity.h"
#include "rpc/transport/socket.h"

namespace innkeeper::rpc {

namespace {

/// The first descriptor that a message carried; whatever else a hostile client attached is closed.
Fd take_descriptor(msghdr& message) {
    Fd first;
    for (cmsghdr* control = CMSG_FIRSTHDR(&message); control != nullptr; control = CMSG_NXTHDR(&message, control)) {
        if (control->cmsg_level != SOL_SOCKET || control->cmsg_type != SCM_RIGHTS) continue;
        const std::size_t count = (control->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (std::size_t i = 0; i < count; ++i) {
            int fd = -1;
            std::memcpy(&fd, CMSG_DATA(control) + i * sizeof(int), sizeof fd);
            Fd owned(fd);
            if (!first) first = std::move(owned);
        }
    }
    return first;
}

class UnixConnection final : public Connection {
  public:
    explicit UnixConnection(Fd socket) : socket_(std::move(socket)), identity_(identity_of_unix_socket(socket_.get())) {
        set_nonblocking(socket_.get());
    }

    Result read(std::span<char> into) override {
        iovec part{into.data(), into.size()};
        alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control;
        for (;;) {
            msghdr message{};
            message.msg_iov = &part;
            message.msg_iovlen = 1;
            message.msg_control = control.data();
            message.msg_controllen = control.size();
            // The kernel ends a read at bytes that carry descriptors, so that what comes belongs to the last byte.
            const ssize_t size = ::recvmsg(socket_.get(), &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
            if (size > 0) {
                Result result{.bytes = static_cast<std::size_t>(size)};
                if (message.msg_controllen > 0) result.descriptor = take_descriptor(message);
                return result;
            }
            if (size < 0 && errno == EINTR) continue;
            return failed_transfer(size == 0 ? ECONNRESET : errno);
        }
    }

    Result write(std::span<const iovec> bytes) override { return send_now(socket_.get(), bytes); }

    Result write_descriptor(int fd) override {
        char zero = 0;
        iovec part{&zero, 1};
        alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> space{};
        msghdr message{};
        message.msg_iov = &part;
        message.msg_iovlen = 1;
        message.msg_control = space.data();
        message.msg_controllen = space.size();
        cmsghdr* control = CMSG_FIRSTHDR(&message);
        control->cmsg_level = SOL_SOCKET;
        control->cmsg_type = SCM_RIGHTS;
        control->cmsg_len = CMSG_LEN(sizeof(int));
        std::memcpy(CMSG_DATA(control), &fd, sizeof fd);
        return send_now(socket_.get(), message);
    }

    void close() override { socket_.reset(); }
    int descriptor() const override { return socket_.get(); }
    bool carries_descriptors() const override { return true; }
    Identity& identity() override { return identity_; }
    std::string remote_address() const override { return "127.0.0.1;0"; }
    std::string local_address() const override { return "127.0.0.1;0"; }
    bool is_secure() const override { return true; }

  private:
    Fd socket_;
    Identity identity_;
};

}  // namespace

void set_nonblocking(int socket) {
    const int flags = ::fcntl(socket, F_GETFL);
    if (flags < 0 || ((flags & O_NONBLOCK) == 0 && ::fcntl(socket, F_SETFL, flags | O_NONBLOCK) != 0))
        throw Error::system(errno, "cannot make a socket non-blocking");
}

std::unique_ptr<Connection> unix_connection(Fd socket) { return std::make_unique<UnixConnection>(std::move(socket)); }

namespace {

/// A socket that is connected; none if the backlog is full and the socket shall not wait.
Fd connected_socket(const std::string& path, int kind) {
    sockaddr_un address{.sun_family = AF_UNIX};
    if (path.size() >= sizeof address.sun_path)
        throw Error(ErrorCode::rpc, fmt::format("Path {} too long for unix socket", path));
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
    Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | kind, 0));
    // Connecting to a UNIX socket is done at once, unless its backlog is full.
    if (!socket || ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        if (errno == EAGAIN) return {};
        throw Error::system(errno, fmt::format("Failed to connect socket to '{}'", path));
    }
    return socket;
}

}  // namespace

std::unique_ptr<Connection> connect_unix(const std::string& path) { return unix_connection(connected_socket(path, 0)); }

std::unique_ptr<Connection> try_connect_unix(const std::string& path) {
    Fd socket = connected_socket(path, SOCK_NONBLOCK);
    return socket ? unix_connection(std::move(socket)) : nullptr;
}

}  // namespace innkeeper::rpc
