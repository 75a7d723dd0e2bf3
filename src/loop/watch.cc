#include "loop/watch.h"

#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <cerrno>
#include <span>

#include "base/error.h"
#include "base/fd.h"
#include "loop/impl.h"

namespace innkeeper {

struct Watch::State : std::enable_shared_from_this<State> {
    int fd;
    Call call;
    std::uint32_t wanted = 0;
    bool added = false;

    State(int descriptor, Call callback) : fd(descriptor), call(std::move(callback)) {}
};

/// All watches share one epoll instance, itself a descriptor of the loop: arming it again after a batch is one system
/// call, whatever the number of sockets in it.
struct Loop::Impl::Watches {
    static constexpr std::size_t batch_most = 64;

    boost::asio::posix::stream_descriptor stream;
    std::array<epoll_event, batch_most> batch;
    std::size_t batch_size = 0;

    explicit Watches(boost::asio::io_context& context) : stream(context) {
        Fd fd(::epoll_create1(EPOLL_CLOEXEC));
        if (!fd) throw Error::system(errno, "cannot make an epoll instance");
        stream.assign(fd.get());
        fd.release();
        arm();
    }

    void arm() {
        stream.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                          [this](const boost::system::error_code& error) {
                              if (!error) dispatch();
                          });
    }

    void dispatch() {
        ++Loop::current().impl().turn;
        const int count = ::epoll_wait(stream.native_handle(), batch.data(), batch_most, 0);
        batch_size = count > 0 ? static_cast<std::size_t>(count) : 0;
        for (std::size_t i = 0; i < batch_size; ++i) {
            if (batch[i].data.ptr == nullptr) continue;
            // Held, since the call may destroy the watch.
            const auto state = static_cast<Watch::State*>(batch[i].data.ptr)->shared_from_this();
            const std::uint32_t events = batch[i].events;
            const bool broken = (events & (EPOLLERR | EPOLLHUP)) != 0;
            const Watch::Ready what{.read = broken || (events & EPOLLIN) != 0,
                                    .write = (events & EPOLLOUT) != 0 || (broken && (state->wanted & EPOLLOUT) != 0)};
            state->call(what);
        }
        batch_size = 0;
        arm();
    }

    /// What is still to come in this batch for a watch that has gone is skipped.
    void forget(Watch::State* state) {
        for (auto& event : std::span(batch).first(batch_size))
            if (event.data.ptr == state) event.data.ptr = nullptr;
    }
};

namespace {

Loop::Impl::Watches& watches() {
    auto& all = Loop::current().impl().watches;
    if (!all) all = std::make_shared<Loop::Impl::Watches>(Loop::current().impl().context);
    return *all;
}

}  // namespace

Watch::Watch(int fd, Call call) : state_(std::make_shared<State>(fd, std::move(call))) {}

Watch::~Watch() {
    if (!state_->added) return;
    auto& all = watches();
    all.forget(state_.get());
    ::epoll_ctl(all.stream.native_handle(), EPOLL_CTL_DEL, state_->fd, nullptr);
}

void Watch::want(bool read, bool write) {
    const std::uint32_t wanted = (read ? EPOLLIN | 0U : 0U) | (write ? EPOLLOUT | 0U : 0U);
    if (state_->added && wanted == state_->wanted) return;
    state_->wanted = wanted;
    auto& all = watches();
    if (wanted == 0) {
        // Not merely without events: a hang-up would be reported again and again.
        if (state_->added) ::epoll_ctl(all.stream.native_handle(), EPOLL_CTL_DEL, state_->fd, nullptr);
        state_->added = false;
        all.forget(state_.get());
        return;
    }
    epoll_event event{.events = wanted, .data = {.ptr = state_.get()}};
    const int how = state_->added ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
    if (::epoll_ctl(all.stream.native_handle(), how, state_->fd, &event) != 0)
        throw Error::system(errno, "cannot watch a file descriptor");
    state_->added = true;
}

}  // namespace innkeeper
