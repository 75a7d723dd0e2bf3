#include "drivers/qemu/driver_neighbours.h"

#include <fmt/format.h>

#include "base/error.h"
#include "drivers/qemu/sealing.h"

/// What a definition names that other drivers have: volumes of pools, networks to listen on.
namespace innkeeper::qemu {

namespace {

using model::StorageSource;

StorageSource::Type type_of(objects::Volumes::Place::Kind kind) {
    using Kind = objects::Volumes::Place::Kind;
    switch (kind) {
        case Kind::block:
            return StorageSource::Type::block;
        case Kind::folder:
            return StorageSource::Type::dir;
        case Kind::network:
            return StorageSource::Type::network;
        default:
            return StorageSource::Type::file;
    }
}

/// All images of a disk that are volumes.
std::vector<StorageSource*> volumes_of(model::Disk& disk) {
    std::vector<StorageSource*> found;
    const auto add = [&](StorageSource& source) {
        if (source.type == StorageSource::Type::volume && !source.is_empty()) found.push_back(&source);
    };
    add(disk.source);
    for (auto* below = disk.backing ? &*disk.backing : nullptr; below != nullptr;
         below = below->next ? &*below->next : nullptr)
        if (!below->is_terminator) add(below->source);
    return found;
}

bool has_secrets(const model::Disk& disk) {
    const auto needs = [](const StorageSource& source) {
        return source.auth || source.encryption || !source.cookies.empty();
    };
    if (needs(disk.source)) return true;
    for (const auto* below = disk.backing ? &*disk.backing : nullptr; below != nullptr;
         below = below->next ? &*below->next : nullptr)
        if (needs(below->source)) return true;
    return false;
}

}  // namespace

Task<StorageSource> Driver::located(StorageSource source) {
    if (neighbours_.volumes == nullptr)
        throw Error(ErrorCode::no_storage_pool, ErrorDomain::storage, "nobody keeps storage pools for this daemon");
    const auto place = co_await neighbours_.volumes->place(source.pool, source.volume);
    if (source.mode && place.pool_type != "iscsi" && place.pool_type != "iscsi-direct")
        throw Error(ErrorCode::xml_error, ErrorDomain::domain,
                    "disk source mode is only valid when storage pool is of iscsi type");
    // From here on it is what was found: a start notes where, whatever becomes of the pool.
    source.path = place.path;
    source.type = type_of(place.kind);
    if (source.type == StorageSource::Type::network)
        throw Error(ErrorCode::config_unsupported,
                    fmt::format("volumes of <pool type='{}'> cannot be given to guests yet", place.pool_type));
    co_return source;
}

Task<model::Disk> Driver::located(model::Disk disk) {
    for (StorageSource* source : volumes_of(disk)) *source = co_await located(*source);
    co_return disk;
}

Task<model::DomainDef> Driver::with_volumes(model::DomainDef def, std::optional<DiskSecrets> secrets) {
    auto& disks = def.devices.disks;
    for (std::size_t i = 0; i < disks.size();) {
        std::exception_ptr failure;
        try {
            disks[i] = co_await located(disks[i]);
            if (secrets && has_secrets(disks[i])) co_await check_disk_secrets(def, disks[i], *secrets);
        } catch (const Error&) {
            failure = std::current_exception();
        }
        if (!failure) {
            ++i;
            continue;
        }
        // A guest goes on without what may be missing: a drive is empty, another disk is not there.
        const bool is_volume = disks[i].source.type == StorageSource::Type::volume;
        if (!is_volume || disks[i].source.startup_policy != model::StartupPolicy::optional)
            std::rethrow_exception(failure);
        if (disks[i].device == model::Disk::Device::cdrom || disks[i].device == model::Disk::Device::floppy) {
            StorageSource nothing;
            nothing.type = disks[i].source.type;
            disks[i++].source = std::move(nothing);
        } else {
            disks.erase(disks.begin() + static_cast<std::ptrdiff_t>(i));
        }
    }
    co_return def;
}

Task<model::DomainDef> Driver::with_volumes(model::DomainDef def) { return with_volumes(std::move(def), std::nullopt); }

Task<model::DomainDef> Driver::with_listeners(model::DomainDef def) {
    for (auto& graphics : def.devices.graphics) {
        if (graphics.listens.empty() || graphics.listens.front().type != model::GraphicsListen::Type::network) continue;
        if (neighbours_.networks == nullptr)
            throw Error(ErrorCode::no_network, ErrorDomain::network, "nobody keeps networks for this daemon");
        const auto address = co_await neighbours_.networks->address(graphics.listens.front().network);
        graphics.listens.front().address = address;
    }
    co_return def;
}

Task<> Driver::check_disk_secrets(model::DomainDef def, model::Disk disk, DiskSecrets wanted) {
    def.devices.disks = {std::move(disk)};
    auto words = build_device(def, "disk", *wanted.capabilities, wanted.context);
    if (!words.secrets.empty()) co_await sealed_secrets(std::move(words.secrets), make_master_key());
}

}  // namespace innkeeper::qemu
