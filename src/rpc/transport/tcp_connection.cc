#include <arpa/inet.h>
#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include <array>

#include "base/error.h"
#include "rpc/transport/socket.h"

namespace innkeeper::rpc {

namespace {

using Asked = int (*)(int, sockaddr*, socklen_t*);

/// One end's address in numbers: "192.0.2.1;16509".
std::string end_of(int socket, Asked ask) {
    sockaddr_storage address{};
    socklen_t length = sizeof address;
    std::array<char, NI_MAXHOST> host{};
    std::array<char, NI_MAXSERV> port{};
    if (ask(socket, reinterpret_cast<sockaddr*>(&address), &length) != 0 ||
        ::getnameinfo(reinterpret_cast<sockaddr*>(&address), length, host.data(), host.size(), port.data(), port.size(),
                      NI_NUMERICHOST | NI_NUMERICSERV) != 0)
        throw Error::system(errno, "a TCP client has no address");
    return fmt::format("{};{}", host.data(), port.data());
}

class TcpConnection final : public Connection {
  public:
    explicit TcpConnection(Fd socket)
        : socket_(std::move(socket)),
          remote_(end_of(socket_.get(), ::getpeername)),
          local_(end_of(socket_.get(), ::getsockname)) {
        set_nonblocking(socket_.get());
        // Answers are small and each is waited for.
        const int on = 1;
        ::setsockopt(socket_.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    }

    Result read(std::span<char> into) override {
        for (;;) {
            const ssize_t size = ::recv(socket_.get(), into.data(), into.size(), MSG_DONTWAIT);
            if (size > 0) return {.bytes = static_cast<std::size_t>(size)};
            if (size < 0 && errno == EINTR) continue;
            return failed_transfer(size == 0 ? ECONNRESET : errno);
        }
    }
    Result write(std::span<const iovec> bytes) override { return send_now(socket_.get(), bytes); }

    void close() override { socket_.reset(); }
    int descriptor() const override { return socket_.get(); }
    Identity& identity() override { return identity_; }
    std::string remote_address() const override { return remote_; }
    std::string local_address() const override { return local_; }
    bool is_secure() const override { return false; }

  private:
    Fd socket_;
    std::string remote_, local_;
    Identity identity_;
};

}  // namespace

std::unique_ptr<Connection> tcp_connection(Fd socket) { return std::make_unique<TcpConnection>(std::move(socket)); }

}  // namespace innkeeper::rpc
