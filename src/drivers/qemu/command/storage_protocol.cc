#include "drivers/qemu/command/storage_protocol.h"

#include <fmt/format.h>

#include <charconv>

#include "xml/node.h"

/// Images that lie on another machine.
namespace innkeeper::qemu {

using model::StorageHost;
using model::StorageSource;
using Protocol = StorageSource::Protocol;

namespace {

unsigned default_port(Protocol protocol) {
    switch (protocol) {
        case Protocol::nbd:
            return 10809;
        case Protocol::sheepdog:
            return 7000;
        case Protocol::gluster:
            return 24007;
        case Protocol::iscsi:
            return 3260;
        case Protocol::http:
            return 80;
        case Protocol::https:
            return 443;
        case Protocol::ftp:
            return 21;
        case Protocol::ftps:
            return 990;
        case Protocol::tftp:
            return 69;
        case Protocol::ssh:
            return 22;
        case Protocol::vxhs:
            return 9999;
        case Protocol::rbd:
        case Protocol::nfs:
            return 0;
    }
    return 0;
}

std::string port_of(const StorageHost& host, Protocol protocol) {
    return std::to_string(host.port.value_or(default_port(protocol)));
}

const StorageHost& only_host(const StorageSource& source) {
    if (source.hosts.size() != 1)
        throw Error(ErrorCode::internal_error,
                    fmt::format("protocol '{}' accepts only one host", xml::name(*source.protocol)));
    return source.hosts.front();
}

/// As QAPI's SocketAddress.
Props socket_address(const StorageHost& host, Protocol protocol) {
    switch (host.transport.value_or(StorageHost::Transport::tcp)) {
        case StorageHost::Transport::unix_:
            return Props("unix", "type").add("path", host.socket);
        case StorageHost::Transport::tcp:
            return Props("inet", "type").add("host", host.name).add("port", port_of(host, protocol));
        case StorageHost::Transport::rdma:
            break;
    }
    unsupported(fmt::format("transport 'rdma' is not supported for protocol '{}'", xml::name(protocol)));
}

/// As QAPI's InetSocketAddressBase.
Props inet_address(const StorageHost& host, Protocol protocol) {
    return Props(host.name, "host").add("port", port_of(host, protocol));
}

/// Splits "first/rest" at the first slash.
std::pair<std::string, std::string> split(const std::string& name) {
    const std::size_t slash = name.find('/');
    if (slash == name.npos) return {name, ""};
    return {name.substr(0, slash), name.substr(slash + 1)};
}

std::string auth_secret(Builder& b, const StorageSource& source, const std::string& node) {
    const std::string id = node + "-storage-auth-secret0";
    b.secret_object(id, source.auth->secret);
    return id;
}

Props nbd(Builder& b, const StorageSource& source, const std::string& node) {
    Props props("nbd");
    props.add("server", socket_address(only_host(source), Protocol::nbd));
    props.add_if("export", source.name);
    if (source.tls == true) {
        const std::string id = "obj" + node + "-storage_tls0";
        b.tls_object(id, b.context.nbd_tls, "client", id + "-secret0");
        props.add("tls-creds", id).add_if("tls-hostname", source.tls_hostname);
    }
    if (source.reconnect.timeout) props.add("reconnect-delay", *source.reconnect.timeout);
    return props;
}

Props rbd(Builder& b, const StorageSource& source, const std::string& node) {
    const auto [pool, image] = split(source.name);
    Props props("rbd");
    props.add("pool", pool).add("image", image);
    props.add_if("snapshot", source.snapshot).add_if("conf", source.config_file);
    if (!source.hosts.empty()) {
        boost::json::array servers;
        for (const StorageHost& host : source.hosts) servers.emplace_back(inet_address(host, Protocol::rbd).object());
        props.add("server", std::move(servers));
    }
    if (source.encryption && source.encryption->engine == model::Encryption::Engine::librbd) {
        if (source.encryption->secrets.empty()) unsupported("missing <secret> in <encryption>");
        const std::string id = node + "-format-encryption-secret0";
        b.secret_object(id, source.encryption->secrets.front());
        props.add("encrypt", Props(xml::name(source.encryption->format), "format").add("key-secret", id));
    }
    if (source.auth) {
        const std::string id = auth_secret(b, source, node);
        props.add("user", source.auth->username);
        props.add("auth-client-required", boost::json::array{"cephx", "none"});
        props.add("key-secret", id);
    }
    return props;
}

Props gluster(const StorageSource& source) {
    const auto [volume, path] = split(source.name);
    boost::json::array servers;
    for (const StorageHost& host : source.hosts) servers.emplace_back(socket_address(host, Protocol::gluster).object());
    return Props("gluster").add("volume", volume).add("path", path).add("server", std::move(servers)).add("debug", 4);
}

std::string host_in_url(const StorageHost& host) {
    return host.name.find(':') == std::string::npos ? host.name : "[" + host.name + "]";
}

/// Cookies travel as one header, "name=value; name=value", and never in clear.
std::string cookie_header(const StorageSource& source) {
    std::string header;
    for (const auto& cookie : source.cookies) {
        if (!header.empty()) header += "; ";
        header += cookie.name + "=" + cookie.value;
    }
    return header;
}

Props url(Builder& b, const StorageSource& source, const std::string& node) {
    const StorageHost& host = only_host(source);
    const std::string_view scheme = xml::name(*source.protocol);
    std::string address = fmt::format("{}://{}:{}/{}", scheme, host_in_url(host), port_of(host, *source.protocol),
                                      source.name.starts_with('/') ? source.name.substr(1) : source.name);
    if (!source.query.empty()) address += "?" + source.query;
    Props props(scheme);
    props.add("url", address);
    if (source.auth) {
        const std::string id = auth_secret(b, source, node);
        props.add("username", source.auth->username).add("password-secret", id);
    }
    props.add("sslverify", source.ssl_verify);
    if (const std::string cookies = cookie_header(source); !cookies.empty()) {
        const std::string id = node + "-storage-httpcookie-secret0";
        b.secret_object(id, cookies);
        props.add("cookie-secret", id);
    }
    props.add("timeout", source.timeout_seconds).add("readahead", source.readahead_bytes);
    return props;
}

/// NFS wants numbers; "+1000" is one, a name would have to be looked up.
unsigned identity(const std::string& text, std::string_view attribute) {
    const char* begin = text.data() + text.starts_with('+');
    unsigned value = 0;
    if (begin == text.data() + text.size() ||
        std::from_chars(begin, text.data() + text.size(), value).ptr != text.data() + text.size())
        unsupported(fmt::format("attribute '{}' of <identity> must be a number, not '{}'", attribute, text));
    return value;
}

Props nfs(const StorageSource& source) {
    Props props("nfs");
    props.add("server", Props(only_host(source).name, "host").add("type", "inet")).add("path", source.name);
    if (!source.user.empty()) props.add("user", identity(source.user, "user"));
    if (!source.group.empty()) props.add("group", identity(source.group, "group"));
    return props;
}

}  // namespace

Props iscsi_location(Builder& b, const StorageSource& source, const std::string& secret) {
    const StorageHost& host = only_host(source);
    const std::size_t slash = source.name.rfind('/');
    unsigned lun = 0;
    if (slash != source.name.npos) {
        const char* end = source.name.data() + source.name.size();
        if (std::from_chars(source.name.data() + slash + 1, end, lun).ptr != end)
            throw Error(ErrorCode::internal_error, fmt::format("cannot parse target for lunID '{}'", source.name));
    }
    Props props("iscsi");
    props.add("portal", host_in_url(host) + ":" + port_of(host, Protocol::iscsi));
    props.add("target", source.name.substr(0, slash)).add("lun", lun).add("transport", "tcp");
    if (source.auth) {
        b.secret_object(secret, source.auth->secret);
        props.add("user", source.auth->username).add("password-secret", secret);
    }
    return props.add_if("initiator-name", source.initiator_iqn);
}

Props network_location(Builder& b, const StorageSource& source, const std::string& node) {
    if (!source.protocol) unsupported("<source> of a network disk has no protocol");
    switch (*source.protocol) {
        case Protocol::nbd:
            return nbd(b, source, node);
        case Protocol::rbd:
            return rbd(b, source, node);
        case Protocol::sheepdog:
            return Props("sheepdog")
                .add("server", socket_address(only_host(source), Protocol::sheepdog))
                .add("vdi", source.name);
        case Protocol::gluster:
            return gluster(source);
        case Protocol::iscsi:
            return iscsi_location(b, source, node + "-storage-auth-secret0");
        case Protocol::http:
        case Protocol::https:
        case Protocol::ftp:
        case Protocol::ftps:
        case Protocol::tftp:
            return url(b, source, node);
        case Protocol::ssh:
            return Props("ssh")
                .add("path", source.name)
                .add("server", inet_address(only_host(source), Protocol::ssh))
                .add_if("user", source.ssh_username);
        case Protocol::vxhs:
            unsupported("VxHS protocol is not supported with this QEMU binary");
        case Protocol::nfs:
            return nfs(source);
    }
    unsupported("unknown storage protocol");
}

}  // namespace innkeeper::qemu
