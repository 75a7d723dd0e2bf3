#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/uuid.h"
#include "model/domain/address.h"
#include "model/domain/seclabel.h"
#include "xml/box.h"
#include "xml/description.h"

namespace innkeeper::model {

/// Where a secret is found: by its UUID or by what it is for.
struct SecretReference {
    std::string type;  ///< ceph, iscsi, passphrase…
    std::optional<Uuid> uuid;
    std::string usage;
    bool operator==(const SecretReference&) const = default;
};

/// Who logs in at a storage server.
struct StorageAuth {
    std::string username;
    SecretReference secret;
    bool operator==(const StorageAuth&) const = default;
};

/// The image is encrypted; its keys are secrets.
struct Encryption {
    enum class Format { default_, qcow, luks, luks2, luks_any };
    enum class Engine { qemu, librbd };
    struct Cipher {
        std::string name;
        std::optional<unsigned> size;
        std::string mode, hash;
        bool operator==(const Cipher&) const = default;
    };
    struct Ivgen {
        std::string name, hash;
        bool operator==(const Ivgen&) const = default;
    };
    Format format = Format::default_;
    std::optional<Engine> engine;
    std::vector<SecretReference> secrets;
    std::optional<Cipher> cipher;
    std::optional<Ivgen> ivgen;
    bool operator==(const Encryption&) const = default;
};
constexpr auto names_of(Encryption::Format) { return xml::names("default", "qcow", "luks", "luks2", "luks-any"); }
constexpr auto names_of(Encryption::Engine) { return xml::names("qemu", "librbd"); }

/// A storage server.
struct StorageHost {
    enum class Transport { tcp, unix_, rdma };
    std::optional<Transport> transport;
    std::string name;
    std::optional<unsigned> port;
    std::string socket;  ///< where the transport is unix
    bool operator==(const StorageHost&) const = default;
};
constexpr auto names_of(StorageHost::Transport) { return xml::names("tcp", "unix", "rdma"); }

/// What becomes of the guest if the source is not there at a start: it fails, or goes on without.
enum class StartupPolicy { mandatory, requisite, optional };
constexpr auto names_of(StartupPolicy) { return xml::names("mandatory", "requisite", "optional"); }

/// Where lost connections are tried again.
struct Reconnect {
    std::optional<bool> enabled;
    std::optional<unsigned> timeout;  ///< seconds between tries
    bool operator==(const Reconnect&) const = default;
};

/// Sent to a web server with each request.
struct HttpCookie {
    std::string name, value;
    bool operator==(const HttpCookie&) const = default;
};

/// A part of a file or device, in bytes.
struct StorageSlice {
    std::uint64_t offset = 0, size = 0;
    bool operator==(const StorageSlice&) const = default;
};

/// Who makes the persistent reservations of a SCSI device: the daemon's own helper, or one that listens at a socket.
struct Reservations {
    std::optional<bool> managed;  ///< always there once read
    std::string socket;           ///< the helper's; of a managed one only while the guest runs
    bool operator==(const Reservations&) const = default;
};

/// A place that holds a disk's bytes. Which members count depends on `type`, which stands at the parent element
/// (`<disk type='file'>`), whereas the rest is in `<source>`.
struct StorageSource {
    enum class Type { file, block, dir, network, volume, nvme, vhostuser };
    enum class VolumeMode { host, direct };
    enum class Protocol { nbd, rbd, sheepdog, gluster, iscsi, http, https, ftp, ftps, tftp, ssh, vxhs, nfs };

    Type type = Type::file;
    std::string format;  ///< raw, qcow2, …; stands in `<driver>` or `<format>`; empty: not said

    std::string path;  ///< file, block, dir: the path; vhostuser: its socket

    // network
    std::optional<Protocol> protocol;
    std::string name, query;
    std::vector<StorageHost> hosts;
    std::optional<bool> tls;
    std::string tls_hostname;
    std::string snapshot, config_file;
    std::string initiator_iqn;
    std::optional<bool> ssl_verify;
    std::optional<StorageAuth> auth;
    std::optional<unsigned> timeout_seconds, readahead_bytes;
    Reconnect reconnect;      ///< also vhostuser
    std::string user, group;  ///< nfs
    std::string known_hosts, ssh_username, keyfile;
    std::vector<HttpCookie> cookies;

    // volume
    std::string pool, volume;
    std::optional<VolumeMode> mode;

    // nvme
    std::optional<unsigned> nvme_namespace;
    std::optional<bool> managed;
    std::optional<PciAddress> nvme_address;

    // any
    std::string fd_group;
    std::optional<StartupPolicy> startup_policy;
    std::vector<SourceLabel> labels;
    std::optional<Encryption> encryption;
    std::optional<StorageSlice> slice;  ///< the image is only a part of what lies there
    std::optional<Reservations> reservations;
    std::optional<unsigned> index;  ///< position in the chain, of a running guest

    /// Whether it names anything: an empty tray does not.
    bool is_empty() const;
    bool is_local() const { return type == Type::file || type == Type::block || type == Type::dir; }

    bool operator==(const StorageSource&) const = default;
};
constexpr auto names_of(StorageSource::Type) {
    return xml::names("file", "block", "dir", "network", "volume", "nvme", "vhostuser");
}
constexpr auto names_of(StorageSource::VolumeMode) { return xml::names("host", "direct"); }
constexpr auto names_of(StorageSource::Protocol) {
    return xml::names("nbd", "rbd", "sheepdog", "gluster", "iscsi", "http", "https", "ftp", "ftps", "tftp", "ssh",
                      "vxhs", "nfs");
}

/// A layer under a disk: what is read where the layer above has nothing. The innermost may be a terminator
/// (`<backingStore/>`), which says that the chain ends there and need not be looked for.
struct BackingStore {
    bool is_terminator = false;
    StorageSource source;
    xml::Box<BackingStore> next;
    bool operator==(const BackingStore&) const = default;
};

extern const xml::Element<SecretReference> secret_reference_element;
extern const xml::Element<StorageAuth> storage_auth_element;
extern const xml::Element<Encryption> encryption_element;
extern const xml::Element<Reconnect> reconnect_element;
/// `<source …>`; and the two parts of a source that stand elsewhere.
extern const xml::Element<StorageSource> storage_source_element;
extern const xml::Element<StorageSource> storage_type_element;
extern const xml::Element<StorageSource> storage_format_element;
extern const xml::Element<BackingStore> backing_store_element;

}  // namespace innkeeper::model
