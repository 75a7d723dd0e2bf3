#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace innkeeper::qemu {

/// A descriptor that QEMU finds open at a number that its command line names. Who starts QEMU opens what is meant here
/// and hands it over at that number.
struct PassedFd {
    enum class Kind {
        monitor,   ///< a listening socket, which QEMU takes as its monitor
        listener,  ///< a listening socket at `path`, for the character device `alias`
        log,       ///< `path`, opened for writing, where the character device `alias` leaves a copy
        tap,       ///< a queue of the interface `alias`
        vhost,     ///< /dev/vhost-net, for the queue of the interface `alias`
        vdpa,      ///< `path` (/dev/vhost-vdpa-…), of the interface `alias`
        vsock,     ///< /dev/vhost-vsock with the guest's number set
    };
    Kind kind = Kind::monitor;
    int number = -1;
    std::string alias, path;
    unsigned queue = 0;
    bool append = false;  ///< log: what is there already stays
    bool operator==(const PassedFd&) const = default;
};

/// What is to be run for a guest.
struct CommandLine {
    std::string emulator;
    std::vector<std::pair<std::string, std::string>> environment;
    std::vector<std::string> args;  ///< without the emulator itself
    std::vector<PassedFd> descriptors;

    /// The emulator and its words.
    std::vector<std::string> argv() const;
    /// NAME=value.
    std::vector<std::string> environment_words() const;

    /// All in one line, quoted for a shell, as virConnectDomainXMLToNative answers.
    std::string native_text() const;
    /// The same as it stands in a guest's log: an assignment or option a line, continued with a backslash, and a
    /// newline at the end.
    std::string log_text() const;

    bool operator==(const CommandLine&) const = default;
};

/// The word as a shell would have to read it: in single quotes if any character of it means something to a shell.
std::string shell_quoted(std::string_view word);

}  // namespace innkeeper::qemu
