#include "rpc/transport/listener.h"

#include <fcntl.h>
#include <fmt/format.h>
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
    listener->path_ = file.path;
    struct stat status{};
    if (::stat(file.path.c_str(), &status) == 0) {
        listener->device_ = status.st_dev;
        listener->inode_ = status.st_ino;
    }
    if (file.group && *file.group != status.st_gid &&
        ::chown(file.path.c_str(), static_cast<uid_t>(-1), *file.group) != 0)
        throw Error::system(
            errno, fmt::format("Failed to change ownership of '{}' to {}:{}", file.path, status.st_uid, *file.group));
    if (::listen(listener->socket_.get(), file.backlog) != 0)
        throw Error::system(errno, fmt::format("Failed to listen on socket '{}'", file.path));
    return listener;
}

std::unique_ptr<Listener> Listener::passed(Fd listening) {
    const int flags = ::fcntl(listening.get(), F_GETFL);
    if (flags < 0 || ::fcntl(listening.get(), F_SETFL, flags | O_NONBLOCK) != 0)
        throw Error::system(errno, "cannot use a passed socket");
    ::fcntl(listening.get(), F_SETFD, FD_CLOEXEC);
    return std::unique_ptr<Listener>(new Listener(std::move(listening)));
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
            (*accepted_)(unix_connection(std::move(socket)));
        } catch (const Error& error) {
            log::warning("a client is turned away: {}", error.message());
        }
    }
}

}  // namespace innkeeper::rpc
