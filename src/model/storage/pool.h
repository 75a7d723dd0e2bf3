#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/uuid.h"
#include "model/storage/permissions.h"
#include "xml/description.h"

/// A storage pool as documents describe it: where volumes come from and where they appear on this host.
namespace innkeeper::model {

struct PoolHost {
    std::optional<std::string> name;
    std::optional<unsigned> port;
    bool operator==(const PoolHost&) const = default;
};

struct PoolDevice {
    std::optional<std::string> path;
    std::optional<bool> part_separator;
    bool operator==(const PoolDevice&) const = default;
};

/// The place of a SCSI adapter's parent, which stays the same while host numbers do not.
struct ParentAddress {
    std::optional<unsigned> unique_id;
    unsigned domain = 0, bus = 0, slot = 0, function = 0;
    bool operator==(const ParentAddress&) const = default;
};

struct PoolAdapter {
    enum class Type { scsi_host, fc_host };
    std::optional<Type> type;
    std::string name, parent, parent_wwnn, parent_wwpn, parent_fabric_wwn, wwnn, wwpn;
    std::optional<bool> managed;
    std::optional<ParentAddress> parent_address;
    bool operator==(const PoolAdapter&) const = default;
};

constexpr auto names_of(PoolAdapter::Type) { return xml::names("scsi_host", "fc_host"); }

struct PoolAuth {
    enum class Type { chap, ceph };
    std::optional<Type> type;
    std::string user, secret_usage;
    std::optional<Uuid> secret_uuid;
    bool operator==(const PoolAuth&) const = default;
};

constexpr auto names_of(PoolAuth::Type) { return xml::names("chap", "ceph"); }

/// Where a pool's storage is. Which parts count depends on the pool's type; those that do not are forgotten when a
/// document is read, as the peer does.
struct PoolSource {
    std::vector<PoolHost> hosts;
    std::vector<PoolDevice> devices;
    std::string directory;
    std::optional<PoolAdapter> adapter;
    std::string name, initiator;
    std::optional<PoolAuth> auth;
    std::string format, protocol_version, vendor, product;
    bool operator==(const PoolSource&) const = default;
};

struct Pool {
    enum class Type {
        dir,
        fs,
        netfs,
        logical,
        disk,
        iscsi,
        iscsi_direct,
        scsi,
        mpath,
        rbd,
        sheepdog,
        gluster,
        zfs,
        vstorage
    };
    Type type = Type::dir;
    std::string name;
    std::optional<Uuid> uuid;  ///< always there once the document has been completed
    std::uint64_t capacity = 0, allocation = 0, available = 0;
    std::optional<bool> copy_on_write;
    PoolSource source;
    std::string target;
    Permissions permissions;
    enum class RefreshAllocation { default_, capacity };
    std::optional<RefreshAllocation> refresh_allocation;  ///< what a volume is said to take: looked up, or all it may
    std::vector<std::string> mount_options;               ///< of a file system that is mounted
    bool operator==(const Pool&) const = default;
};
constexpr auto names_of(Pool::Type) {
    return xml::names("dir", "fs", "netfs", "logical", "disk", "iscsi", "iscsi-direct", "scsi", "mpath", "rbd",
                      "sheepdog", "gluster", "zfs", "vstorage");
}

constexpr auto names_of(Pool::RefreshAllocation) { return xml::names("default", "capacity"); }

extern const xml::Element<PoolSource> pool_source;
extern const xml::Element<Pool> pool;

/// The RelaxNG grammar of `<pool>`, made from its declarations.
std::string pool_grammar();
/// What the VALIDATE flags ask for, before a definition is read: whether the document follows the installed schema (or
/// that grammar). Throws the peer's sentences; for the pool.
void validate_pool(std::string_view text);

}  // namespace innkeeper::model
