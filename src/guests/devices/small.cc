#include <fmt/format.h>

#include "guests/devices/kinds.h"

namespace innkeeper::guests {

namespace {

bool is_same(const model::Lease& one, const model::Lease& other) {
    return one.lockspace == other.lockspace && one.key == other.key;
}
bool is_same(const model::Input& one, const model::Input& other) {
    return one.type == other.type && one.bus == other.bus && one.model == other.model && one.source == other.source &&
           may_share_place(one.info, other.info);
}
bool is_same(const model::Sound& one, const model::Sound& other) {
    return one.model == other.model && one.codecs == other.codecs && may_share_place(one.info, other.info);
}
bool is_same(const model::Redirdev& one, const model::Redirdev& other) {
    return one.bus == other.bus && one.source == other.source && may_share_place(one.info, other.info);
}
bool is_same(const model::Rng& one, const model::Rng& other) {
    return one.model == other.model && one.backend == other.backend && one.device == other.device &&
           one.source == other.source && one.rate_bytes == other.rate_bytes && one.rate_period == other.rate_period &&
           may_share_place(one.info, other.info);
}
bool is_same(const model::Shmem& one, const model::Shmem& other) {
    model::Shmem alike = one;
    // What is left open is what it has.
    if (!alike.size_mib) alike.size_mib = other.size_mib;
    alike.info = other.info;
    alike.role = other.role;
    return alike == other && may_share_place(one.info, other.info);
}
bool is_same(const model::Vsock& one, const model::Vsock& other) {
    return one.model == other.model && one.cid == other.cid && one.auto_cid == other.auto_cid &&
           may_share_place(one.info, other.info);
}

/// The document's, as far as it is the same.
template <class T>
auto like(const T& device) {
    return [&device](const T& other) { return is_same(device, other); };
}

[[noreturn]] void refuse(std::string sentence) { throw Error(ErrorCode::operation_invalid, std::move(sentence)); }

}  // namespace

void refuse_twin(const Devices& devices, const model::Lease& lease) {
    for (const auto& other : devices.leases)
        if (is_same(lease, other))
            refuse(fmt::format("Lease {} in lockspace {} already exists", lease.key, lease.lockspace));
}
std::size_t find(const Devices& devices, const model::Lease& lease) {
    return find_by(devices.leases, like(lease), ErrorCode::device_missing,
                   fmt::format("Lease {} in lockspace {} does not exist", lease.key, lease.lockspace).c_str());
}

// A file system is known by the name that the guest mounts it by.
void refuse_twin(const Devices& devices, const model::Filesystem& filesystem) {
    for (const auto& other : devices.filesystems)
        if (filesystem.target == other.target) refuse("Target already exists");
}
std::size_t find(const Devices& devices, const model::Filesystem& filesystem) {
    return find_by(
        devices.filesystems, [&](const auto& other) { return filesystem.target == other.target; },
        ErrorCode::device_missing, "no matching filesystem device was found");
}

// Of these there may be any number of the same.
void refuse_twin(const Devices&, const model::Input&) {}
void refuse_twin(const Devices&, const model::Sound&) {}
void refuse_twin(const Devices&, const model::Redirdev&) {}
void refuse_twin(const Devices&, const model::Rng&) {}
std::size_t find(const Devices& devices, const model::Input& input) {
    return find_by(devices.inputs, like(input), ErrorCode::device_missing, "matching input device not found");
}
std::size_t find(const Devices& devices, const model::Sound& sound) {
    return find_by(devices.sounds, like(sound), ErrorCode::device_missing,
                   "device not present in domain configuration");
}
std::size_t find(const Devices& devices, const model::Redirdev& redirdev) {
    return find_by(devices.redirdevs, like(redirdev), ErrorCode::device_missing, "no matching redirdev was not found");
}
std::size_t find(const Devices& devices, const model::Rng& rng) {
    return find_by(devices.rngs, like(rng), ErrorCode::device_missing, "no matching RNG device was found");
}

void refuse_twin(const Devices& devices, const model::Shmem& shmem) {
    for (const auto& other : devices.shmems)
        if (is_same(shmem, other)) refuse("device is already in the domain configuration");
}
std::size_t find(const Devices& devices, const model::Shmem& shmem) {
    return find_by(devices.shmems, like(shmem), ErrorCode::device_missing, "matching shmem device was not found");
}

// A guest has one of these at most.
void refuse_twin(const Devices& devices, const model::Watchdog&) {
    if (!devices.watchdogs.empty()) refuse("domain already has a watchdog");
}
std::size_t find(const Devices& devices, const model::Watchdog&) {
    if (devices.watchdogs.empty()) throw Error(ErrorCode::device_missing, "domain has no watchdog");
    return 0;
}
void refuse_twin(const Devices& devices, const model::Vsock&) {
    if (devices.vsock) refuse("domain already has a vsock device");
}
std::size_t find(const Devices& devices, const model::Vsock& vsock) {
    if (!devices.vsock || !is_same(vsock, *devices.vsock))
        throw Error(ErrorCode::operation_failed, "matching vsock device not found");
    return 0;
}

// A screen is exchanged by its type: no guest needs two of the same.
std::size_t find_to_update(const Devices& devices, const model::Graphics& graphics) {
    return find_by(
        devices.graphics, [&](const auto& other) { return other.type == graphics.type; }, ErrorCode::invalid_arg,
        fmt::format("cannot find existing graphics type '{}' device to modify", xml::name(graphics.type)).c_str());
}

}  // namespace innkeeper::guests
