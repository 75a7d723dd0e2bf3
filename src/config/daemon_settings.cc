#include "config/daemon_settings.h"

#include <fmt/format.h>

#include <grp.h>
#include <algorithm>

#include <array>
#include <charconv>

#include "base/error.h"

namespace innkeeper::config {

namespace {

using S = DaemonSettings;
using Row = Setting<S>;
constexpr auto network = Row::Standing::network;
constexpr auto not_yet = Row::Standing::not_yet;
constexpr auto needless = Row::Standing::needless;
constexpr auto obsolete = Row::Standing::obsolete;

constexpr std::string_view no_pool = "calls wait on one loop, and there is no pool of workers to size";
constexpr std::string_view not_required = "a client that answers no questions for a sign of life is not asked any";

const std::array table{
    Row{"listen_tls", &S::listen_tls, "Listen for TLS connections on the network. Needs --listen.", network},
    Row{"listen_tcp", &S::listen_tcp, "Listen for plain TCP connections on the network. Needs --listen, and SASL.",
        network},
    Row{"tls_port", &S::tls_port, "Port or service name for TLS connections.", network},
    Row{"tcp_port", &S::tcp_port, "Port or service name for TCP connections.", network},
    Row{"listen_addr", &S::listen_addr, "Address or name to listen on; all addresses if not set.", network},
    Row{"unix_sock_group", &S::unix_sock_group, "Group of the read-write and the read-only socket; root's if not set."},
    Row{"unix_sock_ro_perms", &S::unix_sock_ro_perms, "Mode of the read-only socket, in octal."},
    Row{"unix_sock_rw_perms", &S::unix_sock_rw_perms,
        "Mode of the read-write socket, in octal. 0777 if polkit decides who may use it, else 0700."},
    Row{"unix_sock_admin_perms", &S::unix_sock_admin_perms, "Mode of the admin socket, in octal."},
    Row{"unix_sock_dir", &S::unix_sock_dir, "Folder of the sockets; it must exist."},
    Row{"auth_unix_ro", &S::auth_unix_ro, "Authentication on the read-only socket: none, sasl or polkit."},
    Row{"auth_unix_rw", &S::auth_unix_rw, "Authentication on the read-write socket: none, sasl or polkit."},
    Row{"auth_tcp", &S::auth_tcp, "Authentication on TCP connections. Use sasl with a mechanism that encrypts.",
        network},
    Row{"auth_tls", &S::auth_tls, "Authentication on TLS connections, beyond the client's certificate.", network},
    Row{"tcp_min_ssf", &S::tcp_min_ssf, "Least strength of the encryption that SASL must give to TCP connections.",
        network},
    Row{"access_drivers", &S::access_drivers,
        "Who decides what each client may do to which object: none, or polkit by its rules about the actions "
        "org.libvirt.api.*. Without one every client that may write may do everything."},
    Row{"key_file", &S::key_file, "The daemon's private key.", network},
    Row{"cert_file", &S::cert_file, "The daemon's certificate.", network},
    Row{"ca_file", &S::ca_file, "The certificate authority that signed the daemon's and the clients' certificates.",
        network},
    Row{"crl_file", &S::crl_file, "Certificates that are no longer good.", network},
    Row{"tls_no_sanity_certificate", &S::tls_no_sanity_certificate, "Do not check the daemon's certificate at start.",
        network},
    Row{"tls_no_verify_certificate", &S::tls_no_verify_certificate, "Take clients without a good certificate.",
        network},
    Row{"tls_allowed_dn_list", &S::tls_allowed_dn_list, "Patterns of the names in clients' certificates; any if unset.",
        network},
    Row{"sasl_allowed_username_list", &S::sasl_allowed_username_list, "Patterns of SASL users; any if not set."},
    Row{"tls_priority", &S::tls_priority, "Algorithms of TLS, as a GnuTLS priority string.", network},
    Row{"max_clients", &S::max_clients, "Most clients at a time, over all sockets. Others wait to be accepted."},
    Row{"max_queued_clients", &S::max_queued_clients, "Most clients that wait to be accepted, on each socket."},
    Row{"max_anonymous_clients", &S::max_anonymous_clients,
        "Most clients that are accepted but have not told yet who they are; 0 for any number."},
    Row{"min_workers", &S::min_workers, "Fewest threads that serve calls.", needless, no_pool},
    Row{"max_workers", &S::max_workers, "Most threads that serve calls; not 0.", needless, no_pool},
    Row{"prio_workers", &S::prio_workers, "Threads for calls that cannot wait.", needless, no_pool},
    Row{"max_client_requests", &S::max_client_requests, "Most calls of one client that are in progress at a time."},
    Row{"admin_min_workers", &S::admin_min_workers, "The same for the admin socket.", needless, no_pool},
    Row{"admin_max_workers", &S::admin_max_workers, "The same for the admin socket.", needless, no_pool},
    Row{"admin_max_clients", &S::admin_max_clients, "Most clients of the admin socket at a time."},
    Row{"admin_max_queued_clients", &S::admin_max_queued_clients,
        "Most clients that wait to be accepted on the admin socket."},
    Row{"admin_max_client_requests", &S::admin_max_client_requests,
        "Most calls of one client of the admin socket that are in progress at a time."},
    Row{"log_level", &S::log_level, "What is logged: 1 everything, 2 information, 3 warnings, 4 errors."},
    Row{"log_filters", &S::log_filters, "Levels of single categories, as LEVEL:MATCH, separated by spaces."},
    Row{"log_outputs", &S::log_outputs,
        "Where the log goes, as LEVEL:stderr, LEVEL:journald, LEVEL:syslog:IDENT or LEVEL:file:PATH, separated by "
        "spaces."},
    Row{"audit_level", &S::audit_level, "Records for the audit system: 0 never, 1 if the host audits, 2 always."},
    Row{"audit_logging", &S::audit_logging, "Write audit records to the log as well."},
    Row{"host_uuid", &S::host_uuid, "The host's UUID, where its own is missing or wrong."},
    Row{"host_uuid_source", &S::host_uuid_source, "Where the host's UUID comes from: smbios or machine-id."},
    Row{"keepalive_interval", &S::keepalive_interval,
        "Seconds of silence after which a client is asked for a sign of life; -1 never."},
    Row{"keepalive_count", &S::keepalive_count, "Such questions that may stay unanswered before a client is dropped."},
    Row{"keepalive_required", &S::keepalive_required, "", obsolete, not_required},
    Row{"admin_keepalive_required", &S::admin_keepalive_required, "", obsolete, not_required},
    Row{"admin_keepalive_interval", &S::admin_keepalive_interval, "The same for the admin socket."},
    Row{"admin_keepalive_count", &S::admin_keepalive_count, "The same for the admin socket."},
    Row{"ovs_timeout", &S::ovs_timeout, "Seconds that ovs-vsctl may take.", not_yet,
        "no interface is connected to Open vSwitch yet, so that ovs-vsctl is never run"},
};

void check_auth(const OptionalText& value, std::string_view key, std::string_view path) {
    if (!value || *value == "none" || *value == "sasl" || *value == "polkit") return;
    throw Error(ErrorCode::config_unsupported, ErrorDomain::conf,
                fmt::format("{}: {}: unsupported auth {}", path, key, *value));
}

DaemonSettings::Auth auth_of(const OptionalText& value, Paths::Privilege privilege) {
    if (!value) return privilege == Paths::Privilege::system ? S::Auth::polkit : S::Auth::none;
    if (*value == "sasl") return S::Auth::sasl;
    return *value == "polkit" ? S::Auth::polkit : S::Auth::none;
}

}  // namespace

std::span<const Row> Table<DaemonSettings>::rows() { return table; }

DaemonSettings DaemonSettings::read(const std::string& path, Reach reach, Remarks& remarks) {
    if (path.empty()) return {};
    const File file = config::read(path);
    auto settings = load<DaemonSettings>(file, remarks);
    for (const auto& row : table)
        if (const auto at = file.values.find(row.name);
            at != file.values.end() && row.standing == network && reach == Reach::host)
            remarks.push_back(
                detail::no_effect(path, at->second.line, row.name, "this daemon does not listen on the network"));
    check_auth(settings.auth_unix_ro, "auth_unix_ro", path);
    check_auth(settings.auth_unix_rw, "auth_unix_rw", path);
    check_auth(settings.auth_tcp, "auth_tcp", path);
    check_auth(settings.auth_tls, "auth_tls", path);
    const auto refuse = [](std::string text) {
        throw Error(ErrorCode::config_unsupported, ErrorDomain::conf, std::move(text));
    };
    if (file.values.contains("tcp_min_ssf") && settings.tcp_min_ssf < 112)
        refuse("minimum SSF levels lower than 112 are not supported");
    for (const auto& [name, value] :
         {std::pair("max_workers", settings.max_workers), std::pair("admin_max_workers", settings.admin_max_workers)})
        if (value == 0)
            throw Error(ErrorCode::internal_error, ErrorDomain::conf, fmt::format("'{}' must be greater than 0", name));
    return settings;
}

bool DaemonSettings::asks_about_calls() const {
    return std::ranges::find(access_drivers, "polkit") != access_drivers.end();
}

DaemonSettings::Auth DaemonSettings::auth_ro(Paths::Privilege privilege) const {
    return auth_of(auth_unix_ro, privilege);
}
DaemonSettings::Auth DaemonSettings::auth_rw(Paths::Privilege privilege) const {
    return auth_of(auth_unix_rw, privilege);
}
DaemonSettings::Auth DaemonSettings::auth_of_tcp() const { return auth_of(auth_tcp, Paths::Privilege::user); }
DaemonSettings::Auth DaemonSettings::auth_of_tls() const { return auth_of(auth_tls, Paths::Privilege::user); }
std::string DaemonSettings::rw_perms(Paths::Privilege privilege) const {
    return unix_sock_rw_perms.value_or(auth_rw(privilege) == Auth::polkit ? "0777" : "0700");
}

unsigned parse_mode(const std::string& text) {
    unsigned mode = 0;
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), mode, 8);
    if (parsed.ec != std::errc{} || parsed.ptr != text.data() + text.size() || mode > 0777)
        throw Error(ErrorCode::internal_error, ErrorDomain::conf, fmt::format("Failed to parse mode '{}'", text));
    return mode;
}

unsigned parse_group(const std::string& text) {
    if (const group* entry = ::getgrnam(text.c_str())) return entry->gr_gid;
    unsigned gid = 0;
    const char* start = text.data() + (text.starts_with('+') ? 1 : 0);
    const auto parsed = std::from_chars(start, text.data() + text.size(), gid);
    if (parsed.ec != std::errc{} || parsed.ptr != text.data() + text.size() || text.empty())
        throw Error(ErrorCode::invalid_arg, fmt::format("Failed to parse group '{}'", text));
    return gid;
}

}  // namespace innkeeper::config
