#include <algorithm>
#include <string_view>

#include "base/error.h"
#include "drivers/qemu/complete/steps.h"

namespace innkeeper::qemu {
namespace {

using model::Disk;
using model::StorageSource;

/// The port that a storage server of that protocol is found at if nothing else is said; ceph's is its library's choice.
std::optional<unsigned> usual_port(StorageSource::Protocol protocol) {
    switch (protocol) {
        case StorageSource::Protocol::http:
            return 80;
        case StorageSource::Protocol::https:
            return 443;
        case StorageSource::Protocol::ftp:
            return 21;
        case StorageSource::Protocol::ftps:
            return 990;
        case StorageSource::Protocol::tftp:
            return 69;
        case StorageSource::Protocol::ssh:
            return 22;
        case StorageSource::Protocol::nbd:
            return 10809;
        case StorageSource::Protocol::iscsi:
            return 3260;
        case StorageSource::Protocol::gluster:
            return 24007;
        case StorageSource::Protocol::sheepdog:
            return 7000;
        case StorageSource::Protocol::vxhs:
            return 9999;
        case StorageSource::Protocol::nfs:
            return 2049;
        case StorageSource::Protocol::rbd:
            return std::nullopt;
    }
    return std::nullopt;
}

void settle_hosts(StorageSource& source) {
    if (source.type != StorageSource::Type::network || !source.protocol) return;
    for (model::StorageHost& host : source.hosts)
        if (host.transport.value_or(model::StorageHost::Transport::tcp) == model::StorageHost::Transport::tcp &&
            !host.port)
            host.port = usual_port(*source.protocol);
}

/// QEMU itself decrypts unless a library is told to.
void settle_encryption(StorageSource& source) {
    using Format = model::Encryption::Format;
    auto& encryption = source.encryption;
    if (encryption && !encryption->engine && encryption->format != Format::qcow &&
        encryption->format != Format::default_)
        encryption->engine = model::Encryption::Engine::qemu;
}

void settle_disk(Disk& disk) {
    if (!disk.bus) disk.bus = Disk::Bus::ide;
    if (disk.device == Disk::Device::cdrom) disk.readonly = true;

    const bool vhost = disk.source.type == StorageSource::Type::vhostuser;
    if (disk.source.is_empty() && !vhost) {
        // An empty tray is of no kind yet.
        disk.source.type = StorageSource::Type::file;
        disk.source.startup_policy.reset();
    }
    if (vhost && !disk.snapshot) disk.snapshot = Disk::Snapshot::no;
    if (!vhost && disk.driver.name.empty()) disk.driver.name = "qemu";
    if (disk.source.format.empty() && disk.source.type != StorageSource::Type::volume && !vhost)
        disk.source.format = disk.source.type == StorageSource::Type::dir ? "fat" : "raw";
    settle_hosts(disk.source);
    settle_encryption(disk.source);
    for (auto* layer = &disk.backing; *layer; layer = &(*layer)->next) settle_encryption((*layer)->source);
    if (disk.driver.cache == model::DiskDriver::Cache::default_) disk.driver.cache.reset();
}

}  // namespace

void settle_disks(Completion& it) {
    for (Disk& disk : it.def.devices.disks) settle_disk(disk);
}

}  // namespace innkeeper::qemu
