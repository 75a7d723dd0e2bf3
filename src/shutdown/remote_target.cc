#include "shutdown/remote_target.h"

#include <fmt/format.h>

#include <vector>

#include "base/error.h"
#include "shutdown/client_uri.h"

namespace innkeeper::shutdown {

namespace {

/// As a word for the shell of the other host.
std::string quoted(std::string_view word) {
    std::string text = "'";
    for (const char c : word) text += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return text + "'";
}

/// What the client library does, too: the other host's helper knows where its daemons are, and where there is none
/// netcat reaches the socket. Nobody is there to answer a question.
std::vector<std::string> ssh(const Authority& to, const Query& query, const std::string& uri,
                             const std::string& socket) {
    std::vector<std::string> argv{query.command.value_or("/usr/bin/ssh"), "-T", "-e", "none", "-o", "BatchMode=yes"};
    const auto add = [&](const char* option, const std::string& value) { argv.insert(argv.end(), {option, value}); };
    if (!to.port.empty()) add("-p", to.port);
    if (!to.user.empty()) add("-l", to.user);
    if (query.keyfile) add("-i", *query.keyfile);
    if (query.known_hosts) add("-o", "UserKnownHostsFile=" + *query.known_hosts);
    if (query.no_verify) add("-o", "StrictHostKeyChecking=no");
    // Some netcats stay when their input has ended, unless they are told.
    const std::string netcat = fmt::format(
        "if {0} -q 2>&1 | grep 'requires an argument' >/dev/null; then exec {0} -q 0 -U {1}; else exec {0} -U {1}; fi",
        quoted(query.netcat.value_or("nc")), quoted(socket));
    const std::string script =
        query.netcat || query.socket
            ? netcat
            : fmt::format("if command -v virt-ssh-helper >/dev/null 2>&1; then exec virt-ssh-helper {}; else {}; fi",
                          quoted(uri), netcat);
    argv.insert(argv.end(), {"--", to.host, "sh -c " + quoted(script)});
    return argv;
}

}  // namespace

Target remote_target(const std::string& uri, const Uri& given, const std::string& driver,
                     const std::string& transport) {
    const Query query(given.query);
    const Authority to(given.authority);
    if (to.host.empty()) throw Error(ErrorCode::rpc, ErrorDomain::rpc, fmt::format("URI '{}' names no host", uri));
    Target target{.uri = uri,
                  .socket = query.socket.value_or("/run/libvirt/libvirt-sock"),
                  .name = query.name.value_or(
                      fmt::format("{}://{}{}{}", driver, given.path, query.rest.empty() ? "" : "?", query.rest))};
    if (driver == "remote") target.name = query.name.value_or("");
    if (transport == "ssh") {
        target.tunnel = ssh(to, query, target.name, target.socket);
    } else if (transport == "tcp") {
        target.host = to.host;
        target.port = to.port.empty() ? "16509" : to.port;
    } else {
        throw Error(
            ErrorCode::rpc, ErrorDomain::rpc,
            fmt::format("transport '{}' of URI '{}' is not supported: daemons are reached through UNIX sockets, "
                        "ssh and TCP",
                        transport, uri));
    }
    return target;
}

}  // namespace innkeeper::shutdown
