#include "loop/descriptor.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <cassert>
#include <cerrno>

#include "base/error.h"
#include "loop/impl.h"

namespace innkeeper {

namespace {

bool is_hung_up(int fd) {
    pollfd what{.fd = fd, .events = 0, .revents = 0};
    return ::poll(&what, 1, 0) != 0;
}

}  // namespace

struct Descriptor::State {
    boost::asio::posix::stream_descriptor stream;
    bool is_socket = false;

    explicit State(Fd fd) : stream(Loop::current().impl().context) {
        struct stat status{};
        is_socket = ::fstat(fd.get(), &status) == 0 && S_ISSOCK(status.st_mode);
        const int flags = ::fcntl(fd.get(), F_GETFL);
        if (flags < 0 || ::fcntl(fd.get(), F_SETFL, flags | O_NONBLOCK) < 0)
            throw Error::system(errno, "cannot make a file descriptor non-blocking");
        stream.assign(fd.get());
        fd.release();
    }

    Task<> wait(boost::asio::posix::stream_descriptor::wait_type direction) {
        Wait wait;
        // The handler may still be queued when a cancelled wait is gone: it looks through a pointer of its own.
        auto slot = std::make_shared<Wait*>(&wait);
        struct Forget {
            std::shared_ptr<Wait*> slot;
            ~Forget() { *slot = nullptr; }
        } forget{slot};
        stream.async_wait(direction, [slot](const boost::system::error_code&) {
            if (*slot != nullptr) (*slot)->wake();
        });
        co_await wait;
    }
    Task<> hung_up() {
        while (stream.is_open() && !is_hung_up(stream.native_handle()))
            co_await wait(boost::asio::posix::stream_descriptor::wait_error);
    }
};

Descriptor::Descriptor(Fd fd) : state_(std::make_unique<State>(std::move(fd))) {}
Descriptor::Descriptor(Descriptor&&) noexcept = default;
Descriptor& Descriptor::operator=(Descriptor&&) noexcept = default;
Descriptor::~Descriptor() = default;

int Descriptor::get() const { return state_->stream.native_handle(); }

void Descriptor::close() {
    boost::system::error_code ignored;
    state_->stream.close(ignored);
}

bool Descriptor::is_closed() const { return !state_->stream.is_open(); }

Task<> Descriptor::readable() { return state_->wait(boost::asio::posix::stream_descriptor::wait_read); }
Task<> Descriptor::hung_up() { return state_->hung_up(); }
Task<> Descriptor::writable() { return state_->wait(boost::asio::posix::stream_descriptor::wait_write); }

std::optional<std::size_t> Descriptor::try_read(std::span<std::byte> into) {
    for (;;) {
        const ssize_t n = ::read(get(), into.data(), into.size());
        if (n >= 0) return static_cast<std::size_t>(n);
        if (errno == EAGAIN) return std::nullopt;
        if (errno != EINTR) throw Error::system(errno, "cannot read");
    }
}

std::optional<std::size_t> Descriptor::try_write(std::string_view bytes) {
    for (;;) {
        const ssize_t n = state_->is_socket ? ::send(get(), bytes.data(), bytes.size(), MSG_NOSIGNAL)
                                            : ::write(get(), bytes.data(), bytes.size());
        if (n >= 0) return static_cast<std::size_t>(n);
        if (errno == EAGAIN) return std::nullopt;
        if (errno != EINTR) throw Error::system(errno, "cannot write");
    }
}

Task<std::size_t> Descriptor::read_some(std::span<std::byte> into) {
    for (;;) {
        if (const auto n = try_read(into)) co_return *n;
        co_await readable();
    }
}

Task<> Descriptor::write_all(std::string_view bytes) {
    while (!bytes.empty()) {
        if (const auto n = try_write(bytes))
            bytes.remove_prefix(*n);
        else
            co_await writable();
    }
}

}  // namespace innkeeper
