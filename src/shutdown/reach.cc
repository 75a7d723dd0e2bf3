#include "shutdown/reach.h"

#include <fmt/format.h>
#include <netdb.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <utility>

#include "base/error.h"
#include "base/fd.h"
#include "loop/child.h"
#include "loop/loop.h"
#include "loop/pool.h"

namespace innkeeper::shutdown {

namespace {

using namespace std::chrono_literals;

Task<std::unique_ptr<rpc::Connection>> to_socket(std::string path) {
    auto connection = rpc::try_connect_unix(path);
    // Its backlog is full: many are in a hurry now.
    while (!connection) {
        co_await sleep_for(100ms);
        connection = rpc::try_connect_unix(path);
    }
    co_return std::move(connection);
}

/// Ends with the connection that goes through it; nobody waits for that.
struct Tunnel {
    Process process;
    explicit Tunnel(Process program) : process(std::move(program)) {}
    ~Tunnel() { process.send_signal(SIGTERM); }
};

std::shared_ptr<rpc::Client> through(const std::vector<std::string>& program) {
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
        throw Error::system(errno, "cannot make a pair of sockets");
    Fd ours(ends[0]);
    const Fd theirs(ends[1]);
    Command command{.argv = program};
    command.descriptors = {{theirs.get(), 0}, {theirs.get(), 1}, {STDERR_FILENO, 2}};
    for (const char* name : {"PATH", "HOME", "USER", "LOGNAME", "SSH_AUTH_SOCK"})
        if (const char* value = std::getenv(name)) command.environment.push_back(fmt::format("{}={}", name, value));
    const auto tunnel = std::make_shared<Tunnel>(Process::start(command));
    auto client = rpc::Client::over(rpc::unix_connection(std::move(ours)));
    client->keep(tunnel);
    return client;
}

Fd connect_tcp(const std::string& host, const std::string& port) {
    const addrinfo wanted{.ai_flags = AI_ADDRCONFIG, .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    addrinfo* found = nullptr;
    if (const int error = ::getaddrinfo(host.c_str(), port.c_str(), &wanted, &found); error != 0)
        throw Error(ErrorCode::system_error,
                    fmt::format("unable to resolve host '{}': {}", host, ::gai_strerror(error)));
    const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> all(found, ::freeaddrinfo);
    int error = 0;
    for (const addrinfo* one = found; one != nullptr; one = one->ai_next) {
        Fd socket(::socket(one->ai_family, SOCK_STREAM | SOCK_CLOEXEC, one->ai_protocol));
        // A host that is silent must not hold this thread, which nobody can cancel, for the kernel's two minutes.
        const timeval patience{.tv_sec = 10, .tv_usec = 0};
        if (socket) ::setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
        if (socket && ::connect(socket.get(), one->ai_addr, one->ai_addrlen) == 0) return socket;
        error = errno == EINPROGRESS ? ETIMEDOUT : errno;
    }
    throw Error::system(error, fmt::format("unable to connect to server at '{}:{}'", host, port));
}

}  // namespace

Task<std::shared_ptr<rpc::Client>> reach(Target target) {
    if (!target.tunnel.empty()) co_return through(target.tunnel);
    if (target.host.empty()) co_return rpc::Client::over(co_await to_socket(target.socket));
    co_return rpc::Client::over(rpc::tcp_connection(
        co_await in_pool([host = target.host, port = target.port] { return connect_tcp(host, port); })));
}

}  // namespace innkeeper::shutdown
