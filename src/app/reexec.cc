#include "app/reexec.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/close_range.h>
#include <unistd.h>

#include <array>
#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <filesystem>

#include "base/error.h"
#include "base/files.h"

namespace innkeeper::app {

namespace json = boost::json;

namespace {

Error senseless(std::string_view what) {
    return Error(ErrorCode::internal_error, ErrorDomain::rpc,
                 fmt::format("what the program before this one told makes no sense: {}", what));
}

// Numbers and words that only the peer's daemons need are what theirs say.
json::object socket_object(int fd, bool is_client, bool owns_file) {
    return {{"fd", fd}, {"errfd", -1}, {"pid", 0}, {"isClient", is_client}, {"unlinkUNIX", owns_file}};
}

json::object server_object(const Reexec::State::Server& server, const std::map<std::uint64_t, std::string>& states) {
    json::array services, clients;
    for (const auto& socket : server.handover.sockets)
        services.push_back(json::object{{"auth", 0},
                                        {"readonly", false},
                                        {"nrequests_client_max", 1},
                                        {"socks", {socket_object(socket.descriptor, false, socket.owns_file)}}});
    for (const auto& client : server.handover.clients) {
        const auto state = states.find(client.id);
        clients.push_back(
            json::object{{"id", client.id},
                         {"auth", 0},
                         {"auth_pending", false},
                         {"readonly", false},
                         {"nrequests_max", 1},
                         {"conn_time", client.connected_at},
                         {"sock", socket_object(client.descriptor, true, false)},
                         {"privateData", state != states.end() ? json::parse(state->second) : json::object()}});
    }
    const auto anonymous = server.handover.max_anonymous_clients;
    return {{"min_workers", 0},
            {"max_workers", 0},
            {"priority_workers", 0},
            {"max_clients", server.handover.max_clients},
            {"max_anonymous_clients", anonymous != 0 ? anonymous : server.handover.max_clients},
            {"keepaliveInterval", 4294967295U},
            {"keepaliveCount", 0},
            {"next_client_id", server.handover.next_id},
            {"services", std::move(services)},
            {"clients", std::move(clients)}};
}

int descriptor_of(const json::object& socket) {
    const int fd = socket.at("fd").to_number<int>();
    if (fd < 3 || ::fcntl(fd, F_SETFD, FD_CLOEXEC) != 0) throw senseless(fmt::format("descriptor {}", fd));
    return fd;
}

rpc::Handover read_server(const json::object& object, std::map<std::uint64_t, std::string>* states) {
    rpc::Handover all;
    all.max_clients = object.at("max_clients").to_number<unsigned>();
    all.max_anonymous_clients = object.at("max_anonymous_clients").to_number<unsigned>();
    all.next_id = object.at("next_client_id").to_number<std::uint64_t>();
    for (const auto& service : object.at("services").as_array())
        for (const auto& socket : service.as_object().at("socks").as_array()) {
            const auto& words = socket.as_object();
            all.sockets.push_back({descriptor_of(words), words.at("unlinkUNIX").as_bool(), {}});
        }
    for (const auto& value : object.at("clients").as_array()) {
        const auto& client = value.as_object();
        const auto id = client.at("id").to_number<std::uint64_t>();
        all.clients.push_back(
            {descriptor_of(client.at("sock").as_object()), id, client.at("conn_time").to_number<std::int64_t>(), {}});
        if (states != nullptr) states->emplace(id, json::serialize(client.at("privateData")));
    }
    return all;
}

/// Whose end is not ours to choose while it is neither the old program nor the new one.
sigset_t our_signals() {
    sigset_t set;
    sigemptyset(&set);
    for (const int signal : {SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGUSR1}) sigaddset(&set, signal);
    return set;
}

void keep_open(const Reexec::State& state, bool kept) {
    const auto keep = [kept](int fd) { ::fcntl(fd, F_SETFD, kept ? 0 : FD_CLOEXEC); };
    for (const auto& server : state.servers) {
        for (const auto& socket : server.handover.sockets) keep(socket.descriptor);
        for (const auto& client : server.handover.clients) keep(client.descriptor);
    }
    for (const int fd : state.service.descriptors) keep(fd);
}

}  // namespace

Reexec::Reexec(const Program& program, const Paths& paths, char** argv)
    : file_(fmt::format("{}/{}-restart-exec.json", parent_of(paths.pid_file(program.name)), program.name)),
      program_(argv[0]),
      argv_(argv) {
    // What is installed there when the time comes, from whatever folder we run in then.
    if (program_.contains('/') && !program_.starts_with('/'))
        program_ = (std::filesystem::current_path() / program_).string();
}

void Reexec::read() {
    const auto text = read_file(file_, 64U << 20);
    if (!text) return;
    ::unlink(file_.c_str());
    try {
        const auto root = json::parse(*text);
        const auto& object = root.as_object();
        // It was left by this very process, or by one that is no more.
        if (object.at("magic").as_string() != fmt::to_string(::getpid())) return;
        State state;
        state.service.json = *text;
        for (const auto& [name, server] : object.at("daemon").as_object().at("servers").as_object())
            state.servers.push_back(
                {std::string(name), read_server(server.as_object(), name == "admin" ? nullptr : &state.clients)});
        inherited_ = std::move(state);
    } catch (const std::exception& error) {
        throw senseless(error.what());
    }
}

void Reexec::run(const State& state) {
    json::object servers;
    for (const auto& server : state.servers)
        servers[server.name] =
            server_object(server, server.name == "admin" ? decltype(state.clients)() : state.clients);
    // The service's own words stand beside the rest.
    json::object root = json::parse(state.service.json).as_object();
    root["daemon"] = json::object{{"servers", std::move(servers)}};
    root["magic"] = fmt::to_string(::getpid());
    write_volatile_file(file_, json::serialize(root), 0700);

    ::close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
    keep_open(state, true);
    // A program's signals are its own to set up: what comes before it has must not end it, nor be held back for ever.
    const sigset_t ours = our_signals();
    std::signal(SIGUSR1, SIG_IGN);
    sigset_t before;
    ::pthread_sigmask(SIG_UNBLOCK, &ours, &before);
    ::execvp(program_.c_str(), argv_);
    const int reason = errno;
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    std::signal(SIGUSR1, SIG_DFL);
    keep_open(state, false);
    ::unlink(file_.c_str());
    throw Error::system(reason, fmt::format("cannot run '{}'", program_));
}

}  // namespace innkeeper::app
