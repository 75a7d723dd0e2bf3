#include "rpc/transport/listener.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/error.h"
#include "base/log.h"
#include "loop/loop.h"

namespace innkeeper::rpc {

namespace {

// A burst of clients is accepted in one turn, but not so many that the others wait.
constexpr int accepted_a_turn = 16;

}  // namespace

std::unique_ptr<Listener> Listener::unix_socket(const SocketFile& file) {
    sockaddr_un address{.sun_family = AF_UNIX};
    if (file.path.size() >= sizeof address.sun_path)
        throw Error(ErrorCode::rpc, fmt::format("Path {} too long for unix socket", file.path));
    std::memcpy(address.sun_path, file.path.c_str(), file.path.size() + 1);

    Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!socket) throw Error::system(errno, "Failed to create socket");
    if (::unlink(file.path.c_str()) != 0 && errno != ENOENT)
        throw Error::system(errno, fmt::format("Failed to bind socket to '{}'", file.path));
    // The mode is set on the descriptor, which bind() then gives to the file: there is no instant at which the socket
    // is open to more users than it should be.
    if (::fchmod(socket.get(), file.mode) != 0)
        throw Error::system(errno, fmt::format("Failed to set the mode of socket '{}'", file.path));
    const mode_t mask = ::umask(static_cast<mode_t>(~file.mode) & 0777);
    const int bound = ::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
    const int bind_error = errno;
    ::umask(mask);
    if (bound != 0) throw Error::system(bind_error, fmt::format("Failed to bind socket to '{}'", file.path));

    auto listener = std::unique_ptr<Listener>(new Listener(std::move(socket)));
    const struct stat status = listener->own_file(file.path);
    if (file.group && *file.group != status.st_gid &&
        ::chown(file.path.c_str(), static_cast<uid_t>(-1), *file.group) != 0)
        throw Error::system(
            errno, fmt::format("Failed to change ownership of '{}' to {}:{}", file.path, status.st_uid, *file.group));
    if (::listen(listener->socket_.get(), file.backlog) != 0)
        throw Error::system(errno, fmt::format("Failed to listen on socket '{}'", file.path));
    return listener;
}

struct stat Listener::own_file(const std::string& path) {
    struct stat status{};
    path_ = path;
    if (::stat(path.c_str(), &status) == 0) {
        device_ = status.st_dev;
        inode_ = status.st_ino;
    }
    return status;
}

std::vector<std::unique_ptr<Listener>> Listener::tcp_sockets(const std::string& host, const std::string& service,
                                                             int backlog) {
    addrinfo wanted{};
    wanted.ai_flags = AI_PASSIVE;
    wanted.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    const int status = ::getaddrinfo(host.empty() ? nullptr : host.c_str(), service.c_str(), &wanted, &found);
    if (status != 0)
        throw Error(
            ErrorCode::system_error, ErrorDomain::rpc,
            fmt::format("Unable to resolve address '{}' service '{}': {}", host, service, ::gai_strerror(status)));
    const std::unique_ptr<addrinfo, void (*)(addrinfo*)> addresses(found, ::freeaddrinfo);
    std::vector<std::unique_ptr<Listener>> listeners;
    int failure = 0;
    for (const addrinfo* at = found; at != nullptr; at = at->ai_next) {
        Fd socket(::socket(at->ai_family, at->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, at->ai_protocol));
        if (!socket) {
            // A machine without IPv6 still has names for its addresses.
            if (errno == EAFNOSUPPORT) continue;
            throw Error::system(errno, "Unable to create socket");
        }
        const int on = 1;
        ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
        // IPv4 has a socket of its own beside it.
        if (at->ai_family == AF_INET6) ::setsockopt(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
        if (::bind(socket.get(), at->ai_addr, at->ai_addrlen) != 0) {
            // An address of no interface; the others may be there.
            failure = errno;
            if (failure == EADDRNOTAVAIL) continue;
            throw Error::system(failure, fmt::format("Unable to bind to port {} of '{}'", service, host));
        }
        if (::listen(socket.get(), backlog) != 0)
            throw Error::system(errno, fmt::format("Failed to listen on port {} of '{}'", service, host));
        listeners.push_back(std::unique_ptr<Listener>(new Listener(std::move(socket))));
    }
    if (listeners.empty())
        throw Error::system(failure != 0 ? failure : EAFNOSUPPORT,
                            fmt::format("Unable to bind to port {} of '{}'", service, host));
    return listeners;
}

std::unique_ptr<Listener> Listener::passed(Fd listening) {
    int listens = 0;
    socklen_t size = sizeof listens;
    if (::getsockopt(listening.get(), SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) != 0)
        throw Error::system(errno, "a descriptor that the service manager passed cannot be used");
    if (listens == 0)
        throw Error(ErrorCode::system_error, ErrorDomain::rpc,
                    "a socket that the service manager passed does not listen: its unit needs Accept=no");
    const int flags = ::fcntl(listening.get(), F_GETFL);
    if (flags < 0 || ::fcntl(listening.get(), F_SETFL, flags | O_NONBLOCK) != 0)
        throw Error::system(errno, "cannot use a passed socket");
    ::fcntl(listening.get(), F_SETFD, FD_CLOEXEC);
    return std::unique_ptr<Listener>(new Listener(std::move(listening)));
}

std::unique_ptr<Listener> Listener::inherited(Fd listening, bool owns_file) {
    auto listener = passed(std::move(listening));
    sockaddr_un address{};
    socklen_t size = sizeof address;
    if (owns_file && ::getsockname(listener->socket_.get(), reinterpret_cast<sockaddr*>(&address), &size) == 0 &&
        address.sun_family == AF_UNIX && address.sun_path[0] == '/')
        listener->own_file(address.sun_path);
    return listener;
}

bool Listener::is_unix() const {
    int family = AF_UNSPEC;
    socklen_t size = sizeof family;
    return ::getsockopt(socket_.get(), SOL_SOCKET, SO_DOMAIN, &family, &size) == 0 && family == AF_UNIX;
}

void Listener::check_mode(mode_t widest, std::optional<gid_t> group) const {
    sockaddr_un address{};
    socklen_t size = sizeof address;
    struct stat status{};
    if (::getsockname(socket_.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0 ||
        address.sun_family != AF_UNIX || address.sun_path[0] != '/' || ::stat(address.sun_path, &status) != 0)
        return;
    const auto refuse = [&](std::string_view how, std::string_view key, std::string_view unit_key) {
        throw Error(ErrorCode::config_unsupported, ErrorDomain::rpc,
                    fmt::format("socket '{}' that the service manager passed {}, which {} does not allow: set {} in "
                                "the socket's unit",
                                address.sun_path, how, key, unit_key));
    };
    // To connect takes the right to write.
    if ((status.st_mode & 0222U & ~widest) != 0)
        refuse(fmt::format("has mode {:04o}", status.st_mode & 0777U), "unix_sock_*_perms", "SocketMode");
    if (group && status.st_gid != *group && status.st_gid != 0 && (status.st_mode & 0020U) != 0)
        refuse(fmt::format("belongs to group {}", status.st_gid), "unix_sock_group", "SocketGroup");
}

Listener::~Listener() {
    watch_.reset();
    if (path_.empty()) return;
    struct stat status{};
    if (::stat(path_.c_str(), &status) == 0 && status.st_dev == device_ && status.st_ino == inode_)
        ::unlink(path_.c_str());
}

void Listener::start(Accepted accepted) {
    accepted_ = std::make_shared<Accepted>(std::move(accepted));
    if (!connect_) connect_ = is_unix() ? unix_connection : tcp_connection;
    watch_ = std::make_unique<Watch>(socket_.get(), [this](Watch::Ready) { accept(); });
    watch_->want(!paused_, false);
}

void Listener::pause() {
    paused_ = true;
    if (watch_) watch_->want(false, false);
}

void Listener::resume() {
    paused_ = false;
    if (watch_) watch_->want(true, false);
}

bool Listener::has_waiting() const {
    pollfd poll{.fd = socket_.get(), .events = POLLIN, .revents = 0};
    return ::poll(&poll, 1, 0) == 1;
}

void Listener::accept() {
    for (int i = 0; i < accepted_a_turn && !paused_; ++i) {
        Fd socket(::accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
        if (!socket) {
            // Out of descriptors: the client stays in the backlog, and we look again soon.
            if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
                log::warning("cannot accept a client: {}", std::strerror(errno));
                watch_->want(false, false);
                again_ = Loop::current().at(Loop::current().now() + std::chrono::seconds(1),
                                            [this] { watch_->want(!paused_, false); });
            }
            return;
        }
        try {
            (*accepted_)(connect_(std::move(socket)));
        } catch (const Error& error) {
            log::warning("a client is turned away: {}", error.message());
        }
    }
}

}  // namespace innkeeper::rpc
