#include "app/activation.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <charconv>
#include <cstdlib>
#include <string_view>

#include "base/error.h"
#include "base/log.h"

namespace innkeeper::app {

namespace {

constexpr int first_descriptor = 3;

std::optional<int> number_in(const char* variable) {
    const char* text = std::getenv(variable);
    if (text == nullptr) return std::nullopt;
    const std::string_view view = text;
    int value = 0;
    const auto parsed = std::from_chars(view.data(), view.data() + view.size(), value);
    if (parsed.ec != std::errc{} || parsed.ptr != view.data() + view.size()) return std::nullopt;
    return value;
}

std::vector<std::string> split(std::string_view names) {
    std::vector<std::string> all;
    for (;;) {
        const auto colon = names.find(':');
        all.emplace_back(names.substr(0, colon));
        if (colon == std::string_view::npos) return all;
        names.remove_prefix(colon + 1);
    }
}

}  // namespace

std::optional<Activation> Activation::from_environment() {
    const auto pid = number_in("LISTEN_PID");
    const auto count = number_in("LISTEN_FDS");
    ::unsetenv("LISTEN_PID");
    ::unsetenv("LISTEN_FDS");
    if (pid != ::getpid() || !count || *count <= 0 || *count > 1024) return std::nullopt;

    const char* names = std::getenv("LISTEN_FDNAMES");
    if (names == nullptr) {
        log::error("Missing LISTEN_FDNAMES env from systemd socket activation");
        return std::nullopt;
    }
    const auto all = split(names);
    if (all.size() != static_cast<std::size_t>(*count)) {
        log::error("Expecting {} FD names but got {}", *count, all.size());
        return std::nullopt;
    }
    Activation activation;
    for (int i = 0; i < *count; ++i) {
        const int fd = first_descriptor + i;
        ::fcntl(fd, F_SETFD, FD_CLOEXEC);
        activation.sockets_.emplace_back(all[static_cast<std::size_t>(i)], Fd(fd));
    }
    return activation;
}

std::vector<Fd> Activation::take(std::string_view name) {
    std::vector<Fd> taken;
    for (auto& [socket_name, fd] : sockets_)
        if (socket_name == name && fd) taken.push_back(std::move(fd));
    return taken;
}

void Activation::check_all_taken() const {
    for (const auto& [name, fd] : sockets_)
        if (fd)
            throw Error(ErrorCode::internal_error, ErrorDomain::rpc, "Some activation file descriptors are unclaimed");
}

}  // namespace innkeeper::app
