#include "rpc/server/admin_calls.h"

#include <fmt/format.h>
#include <grp.h>
#include <pwd.h>

#include <algorithm>

#include "base/log.h"
#include "rpc/codec/typed_params.h"

namespace innkeeper::rpc {

namespace wire = protocol::admin;

namespace {

constexpr std::uint64_t lib_version = 9'000'000;

void no_flags(const Caller& caller, std::uint32_t flags) {
    if (flags == 0) return;
    throw Error::invalid_argument(
        ErrorDomain::admin, caller.row->api, "flags",
        fmt::format("invalid argument: unsupported flags (0x{:x}) in function {}", flags, caller.row->api));
}

wire::Client described(const std::string& server, const Session& session) {
    return {.srv = {server},
            .id = session.id(),
            .timestamp = session.connected_at(),
            .transport = static_cast<std::uint32_t>(session.service().transport)};
}

/// "192.0.2.1;16509" as a URI has it: "192.0.2.1:16509", "[2001:db8::1]:16509".
std::string as_in_uri(std::string_view address) {
    const auto at = address.rfind(';');
    const auto host = address.substr(0, at), port = address.substr(at + 1);
    return host.contains(':') ? fmt::format("[{}]:{}", host, port) : fmt::format("{}:{}", host, port);
}

[[noreturn]] void refuse(std::string text) { throw Error(ErrorCode::invalid_arg, ErrorDomain::rpc, std::move(text)); }

}  // namespace

AdminCalls::AdminCalls(std::vector<Administered> servers, std::function<void()> shut_down,
                       std::function<void(unsigned)> set_timeout, std::function<TlsContext*()> tls)
    : servers_(std::move(servers)),
      shut_down_(std::move(shut_down)),
      set_timeout_(std::move(set_timeout)),
      tls_(std::move(tls)) {}

void AdminCalls::add_to(HandlerTable& table) {
    table.add<wire::ConnectOpen>(*this, &AdminCalls::connect_open);
    table.add<wire::ConnectClose>(*this, &AdminCalls::connect_close);
    table.add<wire::ConnectGetLibVersion>(*this, &AdminCalls::connect_get_lib_version);
    table.add<wire::ConnectListServers>(*this, &AdminCalls::connect_list_servers);
    table.add<wire::ConnectLookupServer>(*this, &AdminCalls::connect_lookup_server);
    table.add<wire::ServerGetThreadpoolParameters>(*this, &AdminCalls::server_get_threadpool_parameters);
    table.add<wire::ServerSetThreadpoolParameters>(*this, &AdminCalls::server_set_threadpool_parameters);
    table.add<wire::ServerListClients>(*this, &AdminCalls::server_list_clients);
    table.add<wire::ServerLookupClient>(*this, &AdminCalls::server_lookup_client);
    table.add<wire::ClientGetInfo>(*this, &AdminCalls::client_get_info);
    table.add<wire::ClientClose>(*this, &AdminCalls::client_close);
    table.add<wire::ServerGetClientLimits>(*this, &AdminCalls::server_get_client_limits);
    table.add<wire::ServerSetClientLimits>(*this, &AdminCalls::server_set_client_limits);
    table.add<wire::ConnectGetLoggingOutputs>(*this, &AdminCalls::connect_get_logging_outputs);
    table.add<wire::ConnectGetLoggingFilters>(*this, &AdminCalls::connect_get_logging_filters);
    table.add<wire::ConnectSetLoggingOutputs>(*this, &AdminCalls::connect_set_logging_outputs);
    table.add<wire::ConnectSetLoggingFilters>(*this, &AdminCalls::connect_set_logging_filters);
    table.add<wire::ServerUpdateTlsFiles>(*this, &AdminCalls::server_update_tls_files);
    table.add<wire::ConnectSetDaemonTimeout>(*this, &AdminCalls::connect_set_daemon_timeout);
    table.add<wire::ConnectDaemonShutdown>(*this, &AdminCalls::connect_daemon_shutdown);
}

AdminCalls::Administered& AdminCalls::find(const std::string& name) {
    for (auto& entry : servers_)
        if (entry.server->name() == name) return entry;
    throw Error(ErrorCode::no_server, ErrorDomain::rpc, fmt::format("No server named '{}'", name));
}

std::shared_ptr<Session> AdminCalls::find(const wire::Client& client) {
    if (auto session = find(client.srv.name).server->session(client.id)) return session;
    throw Error(ErrorCode::no_client, ErrorDomain::rpc, fmt::format("No client with matching ID '{}'", client.id));
}

void AdminCalls::connect_open(const Caller& caller, const wire::ConnectOpenArgs& args) { no_flags(caller, args.flags); }

void AdminCalls::connect_close(const Caller& caller) { static_cast<Session&>(*caller.session).close_after_reply(); }

wire::ConnectGetLibVersionRet AdminCalls::connect_get_lib_version(const Caller&) { return {lib_version}; }

wire::ConnectListServersRet AdminCalls::connect_list_servers(const Caller& caller,
                                                             const wire::ConnectListServersArgs& args) {
    no_flags(caller, args.flags);
    wire::ConnectListServersRet ret;
    if (args.need_results != 0)
        for (const auto& entry : servers_) ret.servers.push_back({entry.server->name()});
    ret.ret = static_cast<std::uint32_t>(servers_.size());
    return ret;
}

wire::ConnectLookupServerRet AdminCalls::connect_lookup_server(const Caller& caller,
                                                               const wire::ConnectLookupServerArgs& args) {
    no_flags(caller, args.flags);
    return {{find(args.name).server->name()}};
}

wire::ServerGetThreadpoolParametersRet AdminCalls::server_get_threadpool_parameters(
    const Caller& caller, const wire::ServerGetThreadpoolParametersArgs& args) {
    no_flags(caller, args.flags);
    const auto& workers = find(args.srv.name).workers;
    wire::ServerGetThreadpoolParametersRet ret;
    add_uint(ret.params, "minWorkers", workers.min);
    add_uint(ret.params, "maxWorkers", workers.max);
    add_uint(ret.params, "nWorkers", workers.min);
    add_uint(ret.params, "freeWorkers", workers.min);
    add_uint(ret.params, "prioWorkers", workers.priority);
    add_uint(ret.params, "jobQueueDepth", 0);
    return ret;
}

void AdminCalls::server_set_threadpool_parameters(const Caller& caller,
                                                  const wire::ServerSetThreadpoolParametersArgs& args) {
    no_flags(caller, args.flags);
    auto& workers = find(args.srv.name).workers;
    check(args.params,
          {{"minWorkers", ParamType::uint_}, {"maxWorkers", ParamType::uint_}, {"prioWorkers", ParamType::uint_}});
    const Workers wanted{.min = find_uint(args.params, "minWorkers").value_or(workers.min),
                         .max = find_uint(args.params, "maxWorkers").value_or(workers.max),
                         .priority = find_uint(args.params, "prioWorkers").value_or(workers.priority)};
    if (wanted.max == 0) refuse("maxWorkers must be greater than 0");
    if (wanted.min > wanted.max) refuse("minWorkers cannot be larger than maxWorkers");
    workers = wanted;
}

wire::ServerListClientsRet AdminCalls::server_list_clients(const Caller& caller,
                                                           const wire::ServerListClientsArgs& args) {
    no_flags(caller, args.flags);
    const Server& server = *find(args.srv.name).server;
    wire::ServerListClientsRet ret;
    if (args.need_results != 0)
        for (const auto& session : server.sessions()) {
            if (ret.clients.size() == wire::client_list_max) break;
            ret.clients.push_back(described(server.name(), *session));
        }
    ret.ret = static_cast<std::uint32_t>(args.need_results != 0 ? ret.clients.size() : server.clients());
    return ret;
}

wire::ServerLookupClientRet AdminCalls::server_lookup_client(const Caller& caller,
                                                             const wire::ServerLookupClientArgs& args) {
    no_flags(caller, args.flags);
    return {described(args.srv.name, *find(wire::Client{.srv = args.srv, .id = args.id}))};
}

wire::ClientGetInfoRet AdminCalls::client_get_info(const Caller& caller, const wire::ClientGetInfoArgs& args) {
    no_flags(caller, args.flags);
    const auto session = find(args.clnt);
    const Identity& identity = session->identity();
    wire::ClientGetInfoRet ret;
    add_boolean(ret.params, "readonly", session->read_only());
    if (identity.uid) {
        const passwd* user = ::getpwuid(*identity.uid);
        const group* own_group = ::getgrgid(identity.gid.value_or(0));
        add_int(ret.params, "unix_user_id", static_cast<std::int32_t>(*identity.uid));
        add_string(ret.params, "unix_user_name", user != nullptr ? user->pw_name : std::to_string(*identity.uid));
        add_int(ret.params, "unix_group_id", static_cast<std::int32_t>(identity.gid.value_or(0)));
        add_string(ret.params, "unix_group_name",
                   own_group != nullptr ? own_group->gr_name : std::to_string(identity.gid.value_or(0)));
        add_int(ret.params, "unix_process_id", identity.pid.value_or(0));
    }
    if (session->service().transport != Service::Transport::unix_socket)
        add_string(ret.params, "sock_addr", as_in_uri(session->connection().remote_address()));
    if (!identity.sasl_user.empty()) add_string(ret.params, "sasl_user_name", identity.sasl_user);
    if (!identity.x509_name.empty()) add_string(ret.params, "tls_x509_dname", identity.x509_name);
    if (!identity.selinux_context.empty()) add_string(ret.params, "selinux_context", identity.selinux_context);
    return ret;
}

void AdminCalls::client_close(const Caller& caller, const wire::ClientCloseArgs& args) {
    no_flags(caller, args.flags);
    const auto session = find(args.clnt);
    if (session.get() == caller.session.get())
        session->close_after_reply();
    else
        session->close();
}

wire::ServerGetClientLimitsRet AdminCalls::server_get_client_limits(const Caller& caller,
                                                                    const wire::ServerGetClientLimitsArgs& args) {
    no_flags(caller, args.flags);
    Server& server = *find(args.srv.name).server;
    wire::ServerGetClientLimitsRet ret;
    add_uint(ret.params, "nclients_max", server.limits().max_clients);
    add_uint(ret.params, "nclients", static_cast<std::uint32_t>(server.clients()));
    add_uint(ret.params, "nclients_unauth_max", server.limits().max_anonymous_clients);
    add_uint(ret.params, "nclients_unauth", static_cast<std::uint32_t>(server.anonymous()));
    return ret;
}

void AdminCalls::server_set_client_limits(const Caller& caller, const wire::ServerSetClientLimitsArgs& args) {
    no_flags(caller, args.flags);
    Server& server = *find(args.srv.name).server;
    check(args.params, {{"nclients_max", ParamType::uint_}, {"nclients_unauth_max", ParamType::uint_}});
    const auto most = find_uint(args.params, "nclients_max").value_or(server.limits().max_clients);
    const auto strangers =
        find_uint(args.params, "nclients_unauth_max").value_or(server.limits().max_anonymous_clients);
    if (most < strangers)
        refuse(
            "The overall maximum number of clients waiting for authentication must not be less than the overall "
            "maximum "
            "number of clients");
    server.set_limits(most, strangers);
}

wire::ConnectGetLoggingOutputsRet AdminCalls::connect_get_logging_outputs(
    const Caller& caller, const wire::ConnectGetLoggingOutputsArgs& args) {
    no_flags(caller, args.flags);
    auto [text, count] = log::outputs();
    return {.outputs = std::move(text), .noutputs = count};
}

wire::ConnectGetLoggingFiltersRet AdminCalls::connect_get_logging_filters(
    const Caller& caller, const wire::ConnectGetLoggingFiltersArgs& args) {
    no_flags(caller, args.flags);
    auto [text, count] = log::filters();
    if (count == 0) return {};
    // Each is followed by a space, as the peer has it.
    return {.filters = text + ' ', .nfilters = count};
}

void AdminCalls::connect_set_logging_outputs(const Caller& caller, const wire::ConnectSetLoggingOutputsArgs& args) {
    no_flags(caller, args.flags);
    log::set_outputs(args.outputs.value_or(""));
}

void AdminCalls::connect_set_logging_filters(const Caller& caller, const wire::ConnectSetLoggingFiltersArgs& args) {
    no_flags(caller, args.flags);
    log::set_filters(args.filters.value_or(""));
}

void AdminCalls::server_update_tls_files(const Caller& caller, const wire::ServerUpdateTlsFilesArgs& args) {
    no_flags(caller, args.flags);
    const Server& server = *find(args.srv.name).server;
    TlsContext* tls = server.has_tls() ? tls_() : nullptr;
    if (tls == nullptr) refuse(fmt::format("server {} has no TLS service", server.name()));
    tls->reload();
}

void AdminCalls::connect_set_daemon_timeout(const Caller& caller, const wire::ConnectSetDaemonTimeoutArgs& args) {
    no_flags(caller, args.flags);
    set_timeout_(args.timeout);
}

void AdminCalls::connect_daemon_shutdown(const Caller& caller, const wire::ConnectDaemonShutdownArgs& args) {
    no_flags(caller, args.flags);
    shut_down_();
}

}  // namespace innkeeper::rpc
