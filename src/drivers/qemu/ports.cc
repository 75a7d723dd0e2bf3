#include "drivers/qemu/ports.h"

#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "base/error.h"
#include "base/fd.h"

namespace innkeeper::qemu {

namespace {

/// Whether a server could listen there, for either family.
bool is_free(unsigned port) {
    const Fd socket(::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const int one = 1;
    if (socket) {
        ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
        sockaddr_in6 address{};
        address.sin6_family = AF_INET6;
        address.sin6_port = htons(static_cast<std::uint16_t>(port));
        return ::bind(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
    }
    const Fd old(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    ::setsockopt(old.get(), SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    return ::bind(old.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
}

}  // namespace

Ports::Ports(std::string what, unsigned first, unsigned last) : what_(std::move(what)), first_(first), last_(last) {}

Ports::Lease Ports::lease(unsigned port) {
    taken_->insert(port);
    return Lease(nullptr, [taken = taken_, port](void*) { taken->erase(taken->find(port)); });
}

std::pair<unsigned, Ports::Lease> Ports::take() {
    for (unsigned port = first_; port <= last_; ++port)
        if (!taken_->contains(port) && is_free(port)) return {port, lease(port)};
    throw Error(ErrorCode::internal_error,
                fmt::format("Unable to find an unused port in range '{}' ({}-{})", what_, first_, last_));
}

Ports::Lease Ports::reserve(unsigned port) { return lease(port); }

}  // namespace innkeeper::qemu
