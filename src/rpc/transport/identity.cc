#include "rpc/transport/identity.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <string_view>

#include "base/error.h"
#include "base/fd.h"

namespace innkeeper::rpc {

std::uint64_t process_start_time(pid_t pid) {
    const Fd file(::open(fmt::format("/proc/{}/stat", pid).c_str(), O_RDONLY | O_CLOEXEC));
    if (!file) return 0;
    std::array<char, 1024> buffer;
    const ssize_t size = ::read(file.get(), buffer.data(), buffer.size());
    if (size <= 0) return 0;
    std::string_view text(buffer.data(), static_cast<std::size_t>(size));
    // The command's name, in parentheses, may hold anything: count from the last one. The start time is field 22.
    const auto name_end = text.rfind(')');
    if (name_end == std::string_view::npos) return 0;
    text.remove_prefix(name_end + 1);
    for (int field = 3; field <= 22; ++field) {
        const auto space = text.find(' ');
        if (space == std::string_view::npos) return 0;
        text.remove_prefix(space + 1);
    }
    std::uint64_t ticks = 0;
    if (std::from_chars(text.data(), text.data() + text.size(), ticks).ec != std::errc{}) return 0;
    return ticks;
}

Identity identity_of_unix_socket(int fd) {
    ucred credentials{};
    socklen_t size = sizeof credentials;
    if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0)
        throw Error::system(errno, "cannot get the identity of a client");
    Identity identity;
    identity.uid = credentials.uid;
    identity.gid = credentials.gid;
    // A process of another pid namespace shows as 0.
    if (credentials.pid > 0) {
        identity.pid = credentials.pid;
        identity.process_start = process_start_time(credentials.pid);
    }
    return identity;
}

}  // namespace innkeeper::rpc
