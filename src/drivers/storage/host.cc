#include "drivers/storage/host.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>

#include "drivers/storage/image_tool.h"
#include "loop/pool.h"
#include "protocol/constants.h"

namespace innkeeper::storage {

using namespace std::chrono_literals;
using Type = model::Pool::Type;

namespace {

/// Copies of whole images take as long as they take; what does not end in a day never will.
constexpr auto copy_patience = 24h, image_patience = 1h;

void needs_folder(const model::Pool& def) {
    if (def.type != Type::dir)
        throw Error(ErrorCode::no_support, fmt::format("storage pools of type '{}'", xml::name(def.type)));
}

void check_backing(const model::VolumeBacking& backing) {
    if (!backing.path.starts_with('/'))
        throw Error(ErrorCode::no_support, fmt::format("backing store '{}' that is no path", backing.path));
    if (::access(backing.path.c_str(), R_OK) != 0)
        throw Error::system(errno, fmt::format("inaccessible backing store volume {}", backing.path));
}

/// What is shown of a new volume is what was asked for, and what its file says about sizes and owner.
model::Volume merged(model::Volume asked, const model::Volume& seen) {
    asked.key = seen.key;
    asked.path = seen.path;
    asked.type = seen.type;
    asked.capacity = seen.capacity;
    asked.allocation = seen.allocation;
    asked.physical = seen.physical;
    asked.permissions = seen.permissions;
    asked.timestamps = seen.timestamps;
    asked.encryption = seen.encryption;
    asked.no_copy_on_write = false;
    return asked;
}

}  // namespace

std::string HostBackend::function(std::string_view name) const {
    if (name == "StorageVolDelete") return "virStorageBackendVolDeleteLocal";
    return name.starts_with("Storage") ? fmt::format("s{}", name.substr(1)) : fmt::format("storage{}", name);
}

std::uint32_t HostBackend::create_flags() const {
    return protocol::VIR_STORAGE_POOL_CREATE_WITH_BUILD | protocol::VIR_STORAGE_POOL_CREATE_WITH_BUILD_OVERWRITE |
           protocol::VIR_STORAGE_POOL_CREATE_WITH_BUILD_NO_OVERWRITE;
}

std::uint32_t HostBackend::volume_flags() const {
    return protocol::VIR_STORAGE_VOL_CREATE_PREALLOC_METADATA | protocol::VIR_STORAGE_VOL_CREATE_REFLINK |
           protocol::VIR_STORAGE_VOL_CREATE_VALIDATE;
}

Error HostBackend::is_active(const Pool& pool, std::string_view still) const {
    return Error(ErrorCode::operation_invalid, fmt::format("storage pool '{}' is {} active", pool.name(), still));
}

Error HostBackend::has_no_file() const { return Error(ErrorCode::internal_error, "pool has no config file"); }

Error HostBackend::volume_exists(const std::string& volume, bool is_copy) const {
    return is_copy ? Error(ErrorCode::internal_error, fmt::format("storage volume name '{}' already in use.", volume))
                   : Error(ErrorCode::storage_vol_exist, fmt::format("'{}'", volume));
}

void HostBackend::complete(model::Pool& def) const {
    if (!model::pool_type(def.type).is_built)
        throw Error(ErrorCode::internal_error, fmt::format("missing backend for pool type {} ({})",
                                                           static_cast<int>(def.type), xml::name(def.type)));
}

std::string HostBackend::sources(const std::string& type, const std::optional<std::string>&) const {
    if (!xml::value_of<Type>(type))
        throw Error(ErrorCode::internal_error, fmt::format("unknown storage pool type {}", type));
    throw Error(ErrorCode::no_support, fmt::format("pool type '{}' does not support source discovery", type));
}

// ------------------------------------------------------------------------------------------------------------- pools

Task<> HostBackend::build(model::Pool def) {
    needs_folder(def);
    co_await in_thread([def] { build_folder(def.target, def.permissions); });
}

Task<> HostBackend::remove(model::Pool def, std::uint32_t flags) {
    needs_folder(def);
    if (flags != 0) throw Error(ErrorCode::no_support, "overwriting a storage pool before it is deleted");
    co_await in_thread([def] { delete_folder(def.target); });
}

Task<Scanned> HostBackend::scan(ConstPoolPtr pool) {
    needs_folder(pool->def());
    co_return co_await in_thread([folder = pool->target()] { return scan_folder(folder); });
}

Task<FolderFacts> HostBackend::facts(ConstPoolPtr pool) {
    co_return co_await in_thread([folder = pool->target()] { return folder_facts(folder); });
}

// ----------------------------------------------------------------------------------------------------------- volumes

void HostBackend::check_new(const model::Pool& def, model::Volume& volume, std::uint32_t flags) const {
    model::fit_volume(volume, def.type);
    if ((flags & protocol::VIR_STORAGE_VOL_CREATE_REFLINK) != 0)
        throw Error(ErrorCode::no_support, "storage volumes that share blocks");
    if (volume.format != "raw") return;
    if (volume.backing) throw Error(ErrorCode::no_support, "backing storage not supported for raw volumes");
    if ((flags & protocol::VIR_STORAGE_VOL_CREATE_PREALLOC_METADATA) != 0)
        throw Error(ErrorCode::config_unsupported, "metadata preallocation is not supported for raw volumes");
}

Task<> HostBackend::make_image(model::Volume volume, bool preallocate, std::optional<Original> original) {
    if (!original) {
        co_await run_image_tool(create_arguments(volume, preallocate), image_patience);
        co_return;
    }
    co_await run_image_tool(convert_arguments(original->path, original->format, volume, preallocate), copy_patience);
    if (volume.capacity_or_zero() > original->capacity)
        co_await run_image_tool(resize_arguments(volume.path, volume.format, volume.capacity_or_zero(), false),
                                image_patience);
}

Task<model::Volume> HostBackend::create(model::Pool def, model::Volume volume, std::uint32_t flags,
                                        std::optional<Original> original) {
    const std::string folder = def.target, name = volume.name;
    if (volume.encryption) {
        for (const auto& secret : volume.encryption->secrets)
            co_await secrets_.value(
                {.uuid = secret.uuid, .usage = protocol::VIR_SECRET_USAGE_TYPE_VOLUME, .usage_id = secret.usage});
        throw Error(ErrorCode::no_support, "encrypted storage volumes");
    }
    if (original && volume.capacity_or_zero() < original->capacity) volume.capacity = original->capacity;
    std::exception_ptr failure;
    bool is_ours = false;
    try {
        if (volume.format == "dir") {
            co_await in_thread([folder, volume] { create_subfolder(folder, volume); });
        } else if (volume.format == "raw" && !original) {
            co_await in_thread([folder, volume] { create_raw(folder, volume); });
        } else {
            co_await in_thread([folder, volume] {
                if (volume.backing) check_backing(*volume.backing);
                reserve_file(folder, volume.name);
            });
            is_ours = true;
            co_await make_image(volume, (flags & protocol::VIR_STORAGE_VOL_CREATE_PREALLOC_METADATA) != 0,
                                std::move(original));
            co_await in_thread([folder, volume] { own_file(folder, volume); });
        }
    } catch (...) {
        failure = std::current_exception();
    }
    if (failure) {
        if (is_ours) co_await in_thread([folder, name] { delete_file(folder, name); });
        std::rethrow_exception(failure);
    }
    const auto seen = co_await in_thread([folder, name] { return scan_volume(folder, name); });
    co_return merged(std::move(volume), seen);
}

Task<> HostBackend::remove_volume(model::Pool def, std::string name) {
    co_await in_thread([folder = def.target, name] { delete_file(folder, name); });
}

Task<std::optional<model::Volume>> HostBackend::look(model::Pool def, std::string name) {
    co_return co_await in_thread([folder = def.target, name] { return scan_volume(folder, name); });
}

}  // namespace innkeeper::storage
