#include "drivers/qemu/guest_locks.h"

#include <fmt/format.h>
#include <gnutls/crypto.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "base/error.h"
#include "base/log.h"
#include "loop/group.h"
#include "model/domain/domain.h"
#include "protocol/lock.h"
#include "rpc/client/client.h"

namespace innkeeper::qemu {

namespace wire = protocol::lock;
using namespace std::chrono_literals;

namespace {

constexpr unsigned shared = 1, autocreate = 2;
/// virtlockd answers at once, unless the disk's host is slow to.
constexpr auto patience = 30s;

using ClientPtr = std::shared_ptr<rpc::Client>;

std::string hash_of(const std::string& path) {
    std::array<unsigned char, 32> digest{};
    gnutls_hash_fast(GNUTLS_DIG_SHA256, path.data(), path.size(), digest.data());
    std::string text;
    for (const auto byte : digest) text += fmt::format("{:02x}", byte);
    return text;
}

bool is_local(const model::Disk& disk) {
    using Type = model::StorageSource::Type;
    const auto type = disk.source.type;
    return (type == Type::file || type == Type::block || type == Type::volume) && !disk.source.path.empty();
}

Task<> say_owner(ClientPtr client, LockOwner owner) {
    co_await client->call<wire::Register>({.owner = {.uuid = owner.uuid,
                                                     .name = owner.name,
                                                     .id = static_cast<std::uint32_t>(owner.id),
                                                     .pid = static_cast<std::uint32_t>(owner.pid)}});
}

Task<ClientPtr> connect(const HelperDaemon* daemon, LockOwner owner) {
    auto client = co_await daemon->connect();
    co_await say_owner(client, std::move(owner));
    co_return client;
}

/// A lockspace is there from its first use on, also after virtlockd was started anew.
Task<> acquire_one(ClientPtr client, LockedResource resource) {
    const wire::AcquireResourceArgs args{.path = resource.space, .name = resource.name, .flags = resource.flags};
    bool is_missing = false;
    try {
        co_await client->call<wire::AcquireResource>(args);
    } catch (const Error& error) {
        is_missing = !resource.space.empty() && error.code() == ErrorCode::internal_error;
        if (!is_missing) throw;
    }
    if (!is_missing) co_return;
    try {
        co_await client->call<wire::CreateLockspace>({.path = resource.space});
    } catch (const Error&) {
        // Another guest's start may have made it meanwhile.
    }
    co_await client->call<wire::AcquireResource>(args);
}

Task<> acquire_all(const HelperDaemon* daemon, LockOwner owner, std::vector<LockedResource> resources,
                   std::vector<LockedResource>* held) {
    const auto client = co_await connect(daemon, std::move(owner));
    for (const auto& resource : resources) {
        co_await acquire_one(client, resource);
        held->push_back(resource);
    }
}

Task<> release_all(const HelperDaemon* daemon, LockOwner owner, std::vector<LockedResource> resources) {
    const auto client = co_await connect(daemon, std::move(owner));
    std::exception_ptr failure;
    for (const auto& resource : resources) {
        try {
            co_await client->call<wire::ReleaseResource>({.path = resource.space, .name = resource.name});
        } catch (const Error&) {
            failure = std::current_exception();
        }
    }
    if (failure) std::rethrow_exception(failure);
}

Task<> begin_holder(ClientPtr client, LockOwner owner) {
    co_await say_owner(client, std::move(owner));
    co_await client->call<wire::Restrict>({});
}

}  // namespace

std::vector<LockedResource> locked_resources(const model::DomainDef& def, const config::LockSettings& settings) {
    std::vector<LockedResource> resources;
    const auto add = [&](LockedResource resource) {
        if (std::ranges::find(resources, resource) == resources.end()) resources.push_back(std::move(resource));
    };
    bool has_unlocked = false;
    for (const auto& disk : def.devices.disks) {
        if (disk.readonly || !is_local(disk)) continue;
        const unsigned manner = disk.shareable ? shared : 0;
        if (!settings.auto_disk_leases)
            has_unlocked = has_unlocked || !disk.shareable;
        else if (settings.file_lockspace_dir)
            add({*settings.file_lockspace_dir, hash_of(disk.source.path), manner | autocreate});
        else
            add({"", disk.source.path, manner});
    }
    for (const auto& lease : def.devices.leases) {
        if (lease.offset.value_or(0) != 0)
            throw Error(ErrorCode::internal_error, ErrorDomain::locking, "Offset must be zero for this lock manager");
        add({lease.lockspace.empty() ? lease.path : fmt::format("{}/{}", lease.path, lease.lockspace), lease.key, 0});
    }
    if (has_unlocked && settings.requires_leases() && def.devices.leases.empty())
        throw Error(ErrorCode::config_unsupported, ErrorDomain::locking,
                    "Read/write, exclusive access, disks were present, but no leases specified");
    return resources;
}

GuestLocks::GuestLocks(const Paths& paths, const config::LockSettings& settings, std::string name, Uuid uuid, int id)
    : daemon_(paths, "virtlockd"), settings_(settings), owner_{.name = std::move(name), .uuid = uuid, .id = id} {}

Fd GuestLocks::holder() {
    Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!socket) throw Error::system(errno, "Failed to create socket");
    return socket;
}

Task<> GuestLocks::begin(Fd holder, pid_t pid) {
    owner_.pid = pid;
    // Our end of it goes when that is said; the guest's stays.
    const auto client = rpc::Client::over(rpc::unix_connection(std::move(holder)));
    co_await within(patience, "virtlockd to know a guest", begin_holder(client, owner_));
}

void GuestLocks::adopt(pid_t pid, const model::DomainDef& def, bool is_running) {
    owner_.pid = pid;
    if (!is_running) return;
    try {
        held_ = locked_resources(def, settings_);
    } catch (const Error& error) {
        log::warning("domain '{}': {}", owner_.name, error.message());
    }
}

Task<> GuestLocks::acquire(std::shared_ptr<const model::DomainDef> def) {
    const auto turn = co_await turns_->take("lock", patience, owner_.name);
    auto missing = locked_resources(*def, settings_);
    std::erase_if(missing, [this](const auto& each) { return std::ranges::find(held_, each) != held_.end(); });
    if (missing.empty()) co_return;
    std::vector<LockedResource> gained;
    std::exception_ptr failure;
    try {
        co_await within(patience, "virtlockd to lock a guest's disks", acquire_all(&daemon_, owner_, missing, &gained));
    } catch (...) {
        failure = std::current_exception();
    }
    if (!failure) {
        held_.insert(held_.end(), gained.begin(), gained.end());
        co_return;
    }
    Scope unhurried;
    co_await give_back(std::move(gained)).under(unhurried);
    std::rethrow_exception(failure);
}

Task<> GuestLocks::release() {
    const auto turn = co_await turns_->take("unlock", patience, owner_.name);
    co_await give_back(std::exchange(held_, {}));
}

Task<> GuestLocks::end() {
    const auto held = std::exchange(held_, {});
    if (held.empty()) co_return;
    try {
        co_await within(patience, "virtlockd to unlock a guest's disks", release_all(&daemon_, owner_, held));
    } catch (const Error& error) {
        log::debug("locks of '{}' went before it was said: {}", owner_.name, error.message());
    }
}

Task<> GuestLocks::keep(std::shared_ptr<const model::DomainDef> def) {
    const auto turn = co_await turns_->take("unlock", patience, owner_.name);
    const auto needed = locked_resources(*def, settings_);
    std::vector<LockedResource> surplus;
    for (const auto& each : held_)
        if (std::ranges::find(needed, each) == needed.end()) surplus.push_back(each);
    std::erase_if(held_, [&](const auto& each) { return std::ranges::find(surplus, each) != surplus.end(); });
    co_await give_back(std::move(surplus));
}

Task<> GuestLocks::give_back(std::vector<LockedResource> resources) {
    if (resources.empty()) co_return;
    try {
        co_await within(patience, "virtlockd to unlock a guest's disks",
                        release_all(&daemon_, owner_, std::move(resources)));
    } catch (const Error& error) {
        log::warning("Unable to release lease on {}: {}", owner_.name, error.message());
    }
}

}  // namespace innkeeper::qemu
