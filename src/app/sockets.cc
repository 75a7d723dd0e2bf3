#include "app/sockets.h"

#include <fmt/format.h>

#include <cstdlib>

#include "app/activation.h"
#include "base/error.h"
#include "base/files.h"
#include "base/log.h"

namespace innkeeper::app {

namespace {

using rpc::Listener;
using rpc::Service;
using Auth = config::DaemonSettings::Auth;

rpc::Authentication authentication(Auth auth) {
    switch (auth) {
        case Auth::none:
            return rpc::Authentication::none;
        case Auth::sasl:
            return rpc::Authentication::sasl;
        case Auth::polkit:
            return rpc::Authentication::polkit;
    }
    return rpc::Authentication::polkit;
}

Error unsupported(std::string text) { return Error(ErrorCode::config_unsupported, ErrorDomain::rpc, std::move(text)); }

/// A user's own file if there is one, else the system's.
std::string user_file(const Paths& paths, std::string_view name, std::string_view system) {
    const char* home = std::getenv("HOME");
    const std::string own = paths.below_root(fmt::format("{}/.pki/libvirt/{}", home != nullptr ? home : "", name));
    return path_exists(own) ? own : paths.below_root(system);
}

constexpr std::string_view ca_path = "/etc/pki/CA/cacert.pem", crl_path = "/etc/pki/CA/cacrl.pem",
                           certificate_path = "/etc/pki/libvirt/servercert.pem",
                           key_path = "/etc/pki/libvirt/private/serverkey.pem";

}  // namespace

rpc::TlsSettings tls_settings(const config::DaemonSettings& settings, const Paths& paths) {
    rpc::TlsSettings tls{.check_own = !settings.tls_no_sanity_certificate,
                         .verify_clients = !settings.tls_no_verify_certificate,
                         .allowed_names = settings.tls_allowed_dn_list,
                         .priority = settings.tls_priority.value_or("")};
    if (settings.ca_file || settings.cert_file || settings.key_file) {
        if (!settings.ca_file) throw unsupported("No CA certificate path set to match server key/cert");
        if (!settings.cert_file) throw unsupported("No server certificate path set to match server key");
        if (!settings.key_file) throw unsupported("No server key path set to match server cert");
        tls.ca = paths.below_root(*settings.ca_file);
        tls.certificate = paths.below_root(*settings.cert_file);
        tls.key = paths.below_root(*settings.key_file);
        if (settings.crl_file) tls.revoked = paths.below_root(*settings.crl_file);
        return tls;
    }
    if (settings.crl_file) log::warning("crl_file is not used: it goes with ca_file, cert_file and key_file");
    if (paths.is_system()) {
        tls.ca = paths.below_root(ca_path);
        tls.revoked = paths.below_root(crl_path);
        tls.certificate = paths.below_root(certificate_path);
        tls.key = paths.below_root(key_path);
    } else {
        tls.ca = user_file(paths, "cacert.pem", ca_path);
        tls.revoked = user_file(paths, "cacrl.pem", crl_path);
        tls.certificate = user_file(paths, "servercert.pem", certificate_path);
        tls.key = user_file(paths, "serverkey.pem", key_path);
        // A key fits its certificate: both are the user's, or none.
        if (tls.certificate == paths.below_root(certificate_path) || tls.key == paths.below_root(key_path)) {
            tls.certificate = paths.below_root(certificate_path);
            tls.key = paths.below_root(key_path);
        }
    }
    if (!path_exists(tls.revoked)) tls.revoked.clear();
    return tls;
}

/// What the settings ask for, checked also where the service manager decides.
struct Sockets::Wanted {
    Service read_write, read_only, tcp, tls;
    unsigned rw_mode, ro_mode, admin_mode;
    std::optional<gid_t> group;
};

void Sockets::open(rpc::Server& clients, rpc::Server& admin) {
    const auto privilege = paths_.is_system() ? Paths::Privilege::system : Paths::Privilege::user;
    using Transport = Service::Transport;
    Wanted wanted{
        .read_write = {.authentication = authentication(settings_.auth_rw(privilege))},
        .read_only = {.read_only = true, .authentication = authentication(settings_.auth_ro(privilege))},
        .tcp = {.authentication = authentication(settings_.auth_of_tcp()), .transport = Transport::tcp},
        .tls = {.authentication = authentication(settings_.auth_of_tls()), .transport = Transport::tls},
        .rw_mode = config::parse_mode(settings_.rw_perms(privilege)),
        .ro_mode = config::parse_mode(settings_.unix_sock_ro_perms),
        .admin_mode = config::parse_mode(settings_.unix_sock_admin_perms),
        .group = std::nullopt,
    };
    if (settings_.unix_sock_group) wanted.group = config::parse_group(*settings_.unix_sock_group);

    auto passed = Activation::from_environment();
    if (!passed) {
        open_own(wanted, clients, admin);
        return;
    }
    if (options_.listen)
        throw unsupported(
            fmt::format("--listen parameter not permitted with systemd activation sockets, see 'man {}' for "
                        "further guidance",
                        program_.name));
    const auto take = [&](std::string_view suffix) {
        return passed->take(fmt::format("{}{}.socket", program_.name, suffix));
    };
    const auto add_unix = [&](rpc::Server& server, std::string_view suffix, const Service& service,
                              std::optional<unsigned> widest) {
        for (auto& fd : take(suffix)) {
            auto listener = Listener::passed(std::move(fd));
            if (widest) listener->check_mode(*widest, wanted.group);
            add(server, std::move(listener), service);
        }
    };
    // A mode that nobody configured is the unit's to choose.
    std::optional<unsigned> widest;
    if (settings_.unix_sock_rw_perms) widest = wanted.rw_mode;
    add_unix(clients, "", wanted.read_write, widest);
    add_unix(clients, "-ro", wanted.read_only, wanted.ro_mode);
    add_unix(admin, "-admin", {}, wanted.admin_mode);
    if (program_.ip != Program::Ip::never) {
        for (auto& fd : take("-tcp")) add(clients, Listener::passed(std::move(fd)), wanted.tcp);
        for (auto& fd : take("-tls")) add(clients, Listener::passed(std::move(fd)), wanted.tls);
    }
    passed->check_all_taken();
}

void Sockets::open_own(const Wanted& wanted, rpc::Server& clients, rpc::Server& admin) {
    const std::string folder =
        (settings_.unix_sock_dir ? paths_.below_root(*settings_.unix_sock_dir) : paths_.state()) + '/';
    const auto backlog = static_cast<int>(settings_.max_queued_clients);
    add(clients, Listener::unix_socket({folder + program_.socket_file(), wanted.rw_mode, wanted.group, backlog}),
        wanted.read_write);
    if (paths_.is_system() && !program_.is_helper())
        add(clients, Listener::unix_socket({folder + program_.ro_socket_file(), wanted.ro_mode, wanted.group, backlog}),
            wanted.read_only);
    add(admin,
        Listener::unix_socket({folder + program_.admin_socket_file(), wanted.admin_mode, std::nullopt,
                               static_cast<int>(settings_.admin_max_queued_clients)}),
        {});
    const bool told = program_.ip == Program::Ip::if_told && options_.listen;
    if (!told && program_.ip != Program::Ip::by_configuration) return;
    // What is on by default needs --listen; the proxy has it off by default.
    if (settings_.listen_tcp) open_tcp(clients, settings_.tcp_port, wanted.tcp);
    if (settings_.listen_tls.value_or(told)) open_tcp(clients, settings_.tls_port, wanted.tls);
}

void Sockets::open_tcp(rpc::Server& clients, const std::string& port, const Service& service) {
    for (auto& listener : Listener::tcp_sockets(settings_.listen_addr.value_or(""), port,
                                                static_cast<int>(settings_.max_queued_clients)))
        add(clients, std::move(listener), service);
}

void Sockets::add(rpc::Server& server, std::unique_ptr<Listener> listener, const Service& service) {
    if (service.transport == Service::Transport::tls) {
        if (!tls_) tls_ = std::make_shared<rpc::TlsContext>(tls_settings(settings_, paths_));
        listener->connect_by([tls = tls_](Fd socket) {
            tls->reload_if_changed();
            return tls->accept(std::move(socket));
        });
    }
    if (service.transport == Service::Transport::tcp && service.authentication != rpc::Authentication::sasl)
        log::warning("auth_tcp is not sasl: whoever reaches the TCP port is root on this host");
    server.listen(std::move(listener), service);
}

}  // namespace innkeeper::app
