#pragma once

#include <optional>
#include <string>
#include <string_view>

/// What a connection URI says to the client (https://libvirt.org/uri.html), which is no business of the daemon.
namespace innkeeper::shutdown {

/// The query's parameters that are the client's own affair, and the rest, which goes to the daemon.
struct Query {
    explicit Query(std::string_view text);

    std::optional<std::string> socket, name, mode, command, keyfile, netcat, known_hosts;
    bool no_verify = false;
    std::string rest;
};

/// "user@host:port", where a numeric address may stand in brackets.
struct Authority {
    explicit Authority(std::string_view text);

    std::string user, host, port;
};

}  // namespace innkeeper::shutdown
