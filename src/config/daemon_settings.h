#pragma once

#include <string>

#include "base/paths.h"
#include "config/setting.h"

namespace innkeeper::config {

/// libvirtd.conf, and the files of the modular daemons, which have the same settings but for the network ones.
struct DaemonSettings {
    OptionalFlag listen_tls;
    bool listen_tcp = false;
    std::string tls_port = "16514", tcp_port = "16509";
    OptionalText listen_addr;

    OptionalText unix_sock_group, unix_sock_dir;
    std::string unix_sock_ro_perms = "0777", unix_sock_admin_perms = "0700";
    OptionalText unix_sock_rw_perms;

    OptionalText auth_unix_ro, auth_unix_rw;
    std::string auth_tcp = "sasl", auth_tls = "none";
    unsigned tcp_min_ssf = 56;
    Texts access_drivers;

    OptionalText key_file, cert_file, ca_file, crl_file;
    bool tls_no_sanity_certificate = false, tls_no_verify_certificate = false;
    OptionalTexts tls_allowed_dn_list, sasl_allowed_username_list;
    OptionalText tls_priority;

    unsigned max_clients = 5000, max_queued_clients = 1000, max_anonymous_clients = 20;
    unsigned min_workers = 5, max_workers = 20, prio_workers = 5, max_client_requests = 5;
    unsigned admin_min_workers = 5, admin_max_workers = 20, admin_max_clients = 5000, admin_max_queued_clients = 20,
             admin_max_client_requests = 5;

    unsigned log_level = 3;
    OptionalText log_filters, log_outputs;
    unsigned audit_level = 1;
    bool audit_logging = false;
    OptionalText host_uuid;
    std::string host_uuid_source = "smbios";

    int keepalive_interval = 5;
    unsigned keepalive_count = 5;
    int admin_keepalive_interval = 5;
    unsigned admin_keepalive_count = 5;
    bool keepalive_required = false, admin_keepalive_required = false;
    unsigned ovs_timeout = 5;

    /// Reads the daemon's file and checks what a single value cannot tell. An empty path means that there is no file.
    /// Throws Error as the peer words it.
    enum class Reach { network, host };
    static DaemonSettings read(const std::string& path, Reach reach, Remarks& remarks);

    enum class Auth { none, sasl, polkit };
    Auth auth_ro(Paths::Privilege privilege) const;
    Auth auth_rw(Paths::Privilege privilege) const;
    /// Whether polkit decides about each call.
    bool asks_about_calls() const;
    Auth auth_of_tcp() const;
    Auth auth_of_tls() const;
    /// Of the read-write socket: open to all if polkit stands behind it.
    std::string rw_perms(Paths::Privilege privilege) const;
};

template <>
struct Table<DaemonSettings> {
    static std::span<const Setting<DaemonSettings>> rows();
    static constexpr std::string_view intro =
        "# Configuration of the daemon itself. Lines that begin with # are comments; each\n"
        "# setting is shown with its default.\n";
};

/// A mode as the files give it, in octal. Throws Error.
unsigned parse_mode(const std::string& text);
/// A group's name or number. Throws Error (invalid_arg).
unsigned parse_group(const std::string& text);

}  // namespace innkeeper::config
