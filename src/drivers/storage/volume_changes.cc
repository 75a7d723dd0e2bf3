#include <fmt/format.h>

#include <cerrno>
#include <chrono>

#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "drivers/storage/image_tool.h"
#include "drivers/storage/pools.h"
#include "loop/pool.h"
#include "objects/requests.h"
#include "protocol/constants.h"
#include "xml/node.h"

/// What makes, changes and removes volumes. Each claims its own volume, so that others of the pool go on beside it.
namespace innkeeper::storage {

namespace remote = protocol::remote;
using namespace std::chrono_literals;

namespace {

/// Copies of whole images take as long as they take; what does not end in a day never will.
constexpr auto copy_patience = 24h, image_patience = 1h;

[[noreturn]] void invalid(std::string message) { throw Error(ErrorCode::operation_invalid, std::move(message)); }
[[noreturn]] void bad_argument(std::string message) { throw Error(ErrorCode::invalid_arg, std::move(message)); }

model::Volume parse(std::string_view text) {
    const auto document = xml::Document::parse(text, "(storage_volume_definition)");
    return model::volume.read(document.root("volume"));
}

void check_backing(const model::VolumeBacking& backing) {
    if (!backing.path.starts_with('/'))
        throw Error(ErrorCode::no_support, fmt::format("backing store '{}' that is no path", backing.path));
    if (::access(backing.path.c_str(), R_OK) != 0)
        throw Error::system(errno, fmt::format("inaccessible backing store volume {}", backing.path));
}

/// What cannot be made, before anything is.
void check_new(const model::Volume& volume, std::uint32_t flags) {
    if (volume.asks_for_encryption) throw Error(ErrorCode::no_support, "encrypted storage volumes");
    if ((flags & protocol::VIR_STORAGE_VOL_CREATE_REFLINK) != 0)
        throw Error(ErrorCode::no_support, "storage volumes that share blocks");
    if (volume.format != "raw") return;
    if (volume.backing) throw Error(ErrorCode::no_support, "backing storage not supported for raw volumes");
    if ((flags & protocol::VIR_STORAGE_VOL_CREATE_PREALLOC_METADATA) != 0)
        throw Error(ErrorCode::config_unsupported, "metadata preallocation is not supported for raw volumes");
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
    asked.is_luks = seen.is_luks;
    asked.no_copy_on_write = false;
    return asked;
}

}  // namespace

Task<> Pools::update_facts(Ptr pool) {
    std::optional<FolderFacts> facts;
    try {
        facts = co_await in_thread([folder = pool->target()] { return folder_facts(folder); });
    } catch (const Error& error) {
        log::warning("storage pool '{}': {}", pool->name(), error.message());
    }
    if (facts && pool->is_active()) pool->set_facts(*facts);
}

Task<remote::StorageVol> Pools::create_volume(Ptr pool, std::string text, std::uint32_t flags,
                                              std::optional<Original> original) {
    auto volume = parse(text);
    const bool preallocate = (flags & protocol::VIR_STORAGE_VOL_CREATE_PREALLOC_METADATA) != 0;
    if (pool->volumes().contains(volume.name)) {
        if (original)
            throw Error(ErrorCode::internal_error,
                        fmt::format("storage volume name '{}' already in use.", volume.name));
        throw Error(ErrorCode::storage_vol_exist, fmt::format("'{}'", volume.name));
    }
    check_new(volume, flags);
    const std::string folder = pool->target(), name = volume.name;
    volume.path = fmt::format("{}/{}", folder, name);
    if (original && volume.capacity_or_zero() < original->capacity) volume.capacity = original->capacity;
    const auto claim = Pool::claim(pool, name);

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
            if (!original) {
                co_await run_image_tool(create_arguments(volume, preallocate), image_patience);
            } else {
                co_await run_image_tool(convert_arguments(original->path, original->format, volume, preallocate),
                                        copy_patience);
                if (volume.capacity_or_zero() > original->capacity)
                    co_await run_image_tool(
                        resize_arguments(volume.path, volume.format, volume.capacity_or_zero(), false), image_patience);
            }
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
    volume = merged(std::move(volume), seen);
    const remote::StorageVol handle{.pool = pool->name(), .name = name, .key = volume.key};
    // A claim keeps the pool from ending, so that it is still the active one.
    pool->volumes().insert_or_assign(name, std::move(volume));
    co_await update_facts(pool);
    co_return handle;
}

Task<remote::StorageVolCreateXmlRet> Pools::volume_create(rpc::Caller, remote::StorageVolCreateXmlArgs args) {
    objects::allow_flags(args.flags, 7, ErrorDomain::storage, "storageVolCreateXML");
    if ((args.flags & protocol::VIR_STORAGE_VOL_CREATE_VALIDATE) != 0)
        co_await in_pool([text = args.xml] { model::validate_volume(text); });
    const auto pool = find_active(args.pool);
    auto handle = co_await create_volume(pool, std::move(args.xml), args.flags, std::nullopt);
    co_return remote::StorageVolCreateXmlRet{.vol = std::move(handle)};
}

Task<remote::StorageVolCreateXmlFromRet> Pools::volume_clone(rpc::Caller, remote::StorageVolCreateXmlFromArgs args) {
    objects::allow_flags(args.flags, 7, ErrorDomain::storage, "storageVolCreateXMLFrom");
    if ((args.flags & protocol::VIR_STORAGE_VOL_CREATE_VALIDATE) != 0)
        co_await in_pool([text = args.xml] { model::validate_volume(text); });
    const auto pool = find_active(args.pool);
    const auto source = find_volume(args.clonevol);
    const auto& volume = volume_at(source);
    if (volume.type != model::Volume::Type::file && volume.type != model::Volume::Type::block)
        invalid(fmt::format("volume '{}' cannot be copied", volume.name));
    if (volume.is_luks) throw Error(ErrorCode::no_support, "copies of encrypted storage volumes");
    const Original original{.path = volume.path, .format = volume.format, .capacity = volume.capacity_or_zero()};
    // Reading it twice at once is no harm; changing it meanwhile is.
    std::optional<VolumeClaim> claim;
    claim.emplace(Pool::claim(source.pool, source.volume));
    auto handle = co_await create_volume(pool, std::move(args.xml), args.flags, original);
    co_return remote::StorageVolCreateXmlFromRet{.vol = std::move(handle)};
}

Task<> Pools::volume_delete(rpc::Caller, remote::StorageVolDeleteArgs args) {
    objects::allow_flags(args.flags, 0, ErrorDomain::storage, "virStorageBackendVolDeleteLocal");
    const auto place = find_volume(args.vol);
    const auto claim = Pool::claim(place.pool, place.volume);
    co_await in_thread([folder = place.pool->target(), name = place.volume] { delete_file(folder, name); });
    place.pool->volumes().erase(place.volume);
    co_await update_facts(place.pool);
}

Task<> Pools::volume_resize(rpc::Caller, remote::StorageVolResizeArgs args) {
    using namespace protocol;
    objects::allow_flags(args.flags, 7, ErrorDomain::storage, "storageVolResize");
    const auto place = find_volume(args.vol);
    const auto claim = Pool::claim(place.pool, place.volume);
    co_await look_again(place);
    const auto volume = volume_at(place);
    const bool shrink = (args.flags & VIR_STORAGE_VOL_RESIZE_SHRINK) != 0,
               allocate = (args.flags & VIR_STORAGE_VOL_RESIZE_ALLOCATE) != 0;
    const auto now = volume.capacity_or_zero();
    auto capacity = args.capacity;
    if ((args.flags & VIR_STORAGE_VOL_RESIZE_DELTA) != 0) {
        if (shrink ? capacity > now : capacity > INT64_MAX - now) bad_argument("capacity is out of range");
        capacity = shrink ? now - capacity : now + capacity;
    }
    if (capacity < volume.allocation.value_or(0)) bad_argument("can't shrink capacity below existing allocation");
    if (capacity < now && !shrink)
        bad_argument("Can't shrink capacity below current capacity unless shrink flag explicitly specified");
    if (capacity > now && capacity - now > place.pool->def().available)
        throw Error(ErrorCode::operation_failed, "Not enough space left in storage pool");
    if (volume.format == "raw") {
        co_await in_thread([folder = place.pool->target(), name = place.volume, capacity, allocate] {
            resize_raw(folder, name, capacity, allocate);
        });
    } else {
        if (allocate)
            throw Error(ErrorCode::operation_unsupported, "preallocate is only supported for raw type volume");
        co_await run_image_tool(resize_arguments(volume.path, volume.format, capacity, capacity < now), image_patience);
    }
    co_await look_again(place);
    co_await update_facts(place.pool);
}

Task<> Pools::wipe(Place place) {
    const auto claim = Pool::claim(place.pool, place.volume);
    co_await in_thread([folder = place.pool->target(), name = place.volume] { wipe_file(folder, name); });
    co_await look_again(place);
}

Task<> Pools::volume_wipe(rpc::Caller, remote::StorageVolWipeArgs args) {
    objects::allow_flags(args.flags, 0, ErrorDomain::storage, "storageVolWipe");
    co_await wipe(find_volume(args.vol));
}

Task<> Pools::volume_wipe_pattern(rpc::Caller, remote::StorageVolWipePatternArgs args) {
    objects::allow_flags(args.flags, 0, ErrorDomain::storage, "storageVolWipePattern");
    const auto place = find_volume(args.vol);
    if (args.algorithm > static_cast<std::uint32_t>(protocol::VIR_STORAGE_VOL_WIPE_ALG_TRIM))
        bad_argument(fmt::format("wiping algorithm {} not supported", args.algorithm));
    if (args.algorithm == static_cast<std::uint32_t>(protocol::VIR_STORAGE_VOL_WIPE_ALG_TRIM))
        throw Error(ErrorCode::argument_unsupported, "'trim' algorithm not supported");
    if (args.algorithm != static_cast<std::uint32_t>(protocol::VIR_STORAGE_VOL_WIPE_ALG_ZERO))
        throw Error(ErrorCode::no_support, fmt::format("wiping algorithm {}", args.algorithm));
    co_await wipe(place);
}

void Pools::add_volume_handlers(rpc::HandlerTable& table) {
    table.add<remote::StoragePoolNumOfVolumes>(*this, &Pools::num_volumes);
    table.add<remote::StoragePoolListVolumes>(*this, &Pools::list_volumes);
    table.add<remote::StoragePoolListAllVolumes>(*this, &Pools::list_all_volumes);
    table.add<remote::StorageVolLookupByName>(*this, &Pools::volume_by_name);
    table.add<remote::StorageVolLookupByKey>(*this, &Pools::volume_by_key);
    table.add<remote::StorageVolLookupByPath>(*this, &Pools::volume_by_path);
    table.add<remote::StorageVolGetPath>(*this, &Pools::volume_path);
    table.add<remote::StorageVolGetInfo>(*this, &Pools::volume_info);
    table.add<remote::StorageVolGetInfoFlags>(*this, &Pools::volume_info_flags);
    table.add<remote::StorageVolGetXmlDesc>(*this, &Pools::volume_xml);
    table.add<remote::StorageVolCreateXml>(*this, &Pools::volume_create);
    table.add<remote::StorageVolCreateXmlFrom>(*this, &Pools::volume_clone);
    table.add<remote::StorageVolDelete>(*this, &Pools::volume_delete);
    table.add<remote::StorageVolResize>(*this, &Pools::volume_resize);
    table.add<remote::StorageVolWipe>(*this, &Pools::volume_wipe);
    table.add<remote::StorageVolWipePattern>(*this, &Pools::volume_wipe_pattern);
    table.add<remote::StorageVolDownload>(*this, &Pools::volume_download);
    table.add<remote::StorageVolUpload>(*this, &Pools::volume_upload);
}

}  // namespace innkeeper::storage
