#include "host/bus/logind.h"

#include <fcntl.h>
#include <systemd/sd-bus.h>

#include "base/error.h"
#include "loop/group.h"

namespace innkeeper::host {

namespace {

constexpr std::chrono::seconds patience{10};

constexpr const char *service = "org.freedesktop.login1", *path = "/org/freedesktop/login1",
                     *manager = "org.freedesktop.login1.Manager";

void check(int result) {
    if (result < 0) throw Error::system(-result, "logind's answer cannot be read");
}

}  // namespace

void Logind::listen() {
    if (listening_) return;
    bus_.on_lost([this] { listening_ = false; });
    bus_.listen(service, path, manager, "PrepareForShutdown", [this](sd_bus_message* said) {
        int beginning = 0;
        if (sd_bus_message_read(said, "b", &beginning) >= 0 && beginning != 0) begins_();
    });
    listening_ = true;
}

Task<Fd> Logind::delay_shutdown(std::string who, std::string why) {
    Message call = bus_.call(service, path, manager, "Inhibit");
    check(sd_bus_message_append(call.get(), "ssss", "shutdown", who.c_str(), why.c_str(), "delay"));
    const Message reply = co_await within(patience, "logind's answer", bus_.send(std::move(call)));
    int lent = -1;
    check(sd_bus_message_read(reply.get(), "h", &lent));
    Fd own(::fcntl(lent, F_DUPFD_CLOEXEC, 3));
    if (!own) throw Error::system(errno, "cannot keep logind's descriptor");
    co_return std::move(own);
}

Task<std::chrono::microseconds> Logind::longest_delay() {
    Message call = bus_.call(service, path, "org.freedesktop.DBus.Properties", "Get");
    check(sd_bus_message_append(call.get(), "ss", manager, "InhibitDelayMaxUSec"));
    const Message reply = co_await within(patience, "logind's answer", bus_.send(std::move(call)));
    std::uint64_t longest = 0;
    check(sd_bus_message_read(reply.get(), "v", "t", &longest));
    co_return std::chrono::microseconds(longest);
}

}  // namespace innkeeper::host
