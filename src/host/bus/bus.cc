#include "host/bus/bus.h"

#include <poll.h>
#include <systemd/sd-bus.h>

#include <utility>

#include "base/error.h"

namespace innkeeper::host {

namespace {

void check(int result, const char* what) {
    if (result < 0) throw Error::system(-result, what);
}

}  // namespace

void MessageUnref::operator()(sd_bus_message* message) const { sd_bus_message_unref(message); }
void Bus::Close::operator()(sd_bus* bus) const { sd_bus_close_unref(bus); }

struct Bus::Pending {
    Pending() = default;
    Pending(const Pending&) = delete;
    Pending& operator=(const Pending&) = delete;
    ~Pending() { sd_bus_slot_unref(slot); }
    static int answered(sd_bus_message* reply, void* self, sd_bus_error*) {
        auto& pending = *static_cast<Pending*>(self);
        pending.reply.reset(sd_bus_message_ref(reply));
        pending.wait.wake();
        return 1;
    }
    Wait wait;
    sd_bus_slot* slot = nullptr;
    Message reply;
    std::string lost;
};

Bus::Bus(Which which) : which_(which) {}
Bus::~Bus() = default;

sd_bus* Bus::open() {
    if (bus_) return bus_.get();
    sd_bus* made = nullptr;
    if (which_ == Which::system)
        check(sd_bus_open_system(&made), "cannot connect to the system's D-Bus");
    else
        check(sd_bus_open_user(&made), "cannot connect to the session's D-Bus");
    bus_.reset(made);
    return made;
}

Message Bus::call(const char* service, const char* path, const char* interface, const char* method) {
    sd_bus_message* made = nullptr;
    check(sd_bus_message_new_method_call(open(), &made, service, path, interface, method), "cannot make a D-Bus call");
    return Message(made);
}

Task<Message> Bus::send(Message call) {
    Pending pending;
    check(sd_bus_call_async(open(), &pending.slot, call.get(), Pending::answered, &pending, UINT64_MAX),
          "cannot send a D-Bus call");
    call.reset();
    pending_.push_back(&pending);
    watch();
    try {
        co_await pending.wait;
    } catch (const Cancelled&) {
        std::erase(pending_, &pending);
        throw;
    }
    std::erase(pending_, &pending);
    if (!pending.reply) throw Error(ErrorCode::system_error, pending.lost);
    if (const sd_bus_error* error = sd_bus_message_get_error(pending.reply.get()))
        throw Error(ErrorCode::system_error, error->message != nullptr ? error->message : error->name);
    co_return std::move(pending.reply);
}

void Bus::tell(Message call) {
    if (sd_bus_send(bus_.get(), call.get(), nullptr) >= 0) watch();
}

void Bus::connect() {
    open();
    watch();
}

void Bus::listen(const char* service, const char* path, const char* interface, const char* signal, Heard heard) {
    constexpr auto hear = [](sd_bus_message* message, void* self, sd_bus_error*) {
        (*static_cast<Heard*>(self))(message);
        return 0;
    };
    auto listener = std::make_unique<Heard>(std::move(heard));
    check(sd_bus_match_signal_async(open(), nullptr, service, path, interface, signal, hear, nullptr, listener.get()),
          "cannot listen on D-Bus");
    listeners_.push_back(std::move(listener));
    watch();
}

/// What has come is handed out and what waits is sent.
void Bus::process() {
    int result = 0;
    while (bus_ && (result = sd_bus_process(bus_.get(), nullptr)) > 0) {
    }
    if (result < 0)
        lose(Error::system(-result, "D-Bus").message());
    else if (!bus_ || sd_bus_is_open(bus_.get()) <= 0)
        lose("D-Bus has gone");
    else
        watch();
}

void Bus::watch() {
    const int fd = sd_bus_get_fd(bus_.get());
    if (!watch_ || fd != fd_) {
        watch_.reset();
        watch_ = std::make_unique<Watch>(fd, [this](Watch::Ready) { process(); });
        fd_ = fd;
    }
    const int events = sd_bus_get_events(bus_.get());
    watch_->want((events & POLLIN) != 0, (events & POLLOUT) != 0);
    // By the monotonic clock, which is the loop's.
    std::uint64_t due = UINT64_MAX;
    if (sd_bus_get_timeout(bus_.get(), &due) < 0 || due == UINT64_MAX) {
        timer_.reset();
        return;
    }
    timer_ = Loop::current().at(Clock::time_point(std::chrono::microseconds(due)), [this] { process(); });
}

void Bus::lose(std::string why) {
    watch_.reset();
    timer_.reset();
    bus_.reset();
    listeners_.clear();
    for (Pending* pending : std::exchange(pending_, {})) {
        pending->lost = why;
        pending->wait.wake();
    }
    if (lost_) lost_();
}

}  // namespace innkeeper::host
