#include "base/journal_sink.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "base/error.h"

namespace innkeeper::log {

namespace {

constexpr const char* journal_path = "/run/systemd/journal/socket";

sockaddr_un journal_address() {
    sockaddr_un address{.sun_family = AF_UNIX};
    std::strcpy(address.sun_path, journal_path);
    return address;
}

/// A value with line ends in it goes by its length.
void add_field(std::string& datagram, std::string_view name, std::string_view value) {
    datagram += name;
    if (value.find('\n') == std::string_view::npos) {
        datagram += '=';
    } else {
        datagram += '\n';
        std::uint64_t size = value.size();
        for (int i = 0; i < 8; ++i, size >>= 8) datagram += static_cast<char>(size & 0xff);
    }
    datagram += value;
    datagram += '\n';
}

/// syslog(3)'s numbers.
int priority_of(spdlog::level::level_enum level) {
    switch (level) {
        case spdlog::level::err:
            return 3;
        case spdlog::level::warn:
            return 4;
        case spdlog::level::info:
            return 6;
        default:
            return 7;
    }
}

}  // namespace

bool JournalSink::is_there() { return ::access(journal_path, W_OK) == 0; }

JournalSink::JournalSink() : socket_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
    const auto address = journal_address();
    if (!socket_ || ::connect(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
        throw Error::system(errno, fmt::format("cannot log to the journal at '{}'", journal_path));
}

void JournalSink::sink_it_(const spdlog::details::log_msg& line) {
    std::string datagram;
    add_field(datagram, "MESSAGE", {line.payload.data(), line.payload.size()});
    add_field(datagram, "PRIORITY", fmt::format("{}", priority_of(line.level)));
    add_field(datagram, "LIBVIRT_SOURCE", "file");
    add_field(datagram, "SYSLOG_IDENTIFIER", program_invocation_short_name);
    if (!line.source.empty()) {
        add_field(datagram, "CODE_FILE", line.source.filename);
        add_field(datagram, "CODE_LINE", fmt::format("{}", line.source.line));
        add_field(datagram, "CODE_FUNC", line.source.funcname);
    }
    ::send(socket_.get(), datagram.data(), datagram.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
}

}  // namespace innkeeper::log
