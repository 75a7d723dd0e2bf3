#include <fmt/format.h>

#include <chrono>

#include "base/error.h"
#include "base/in_domain.h"
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

constexpr auto image_patience = 1h;

[[noreturn]] void invalid(std::string message) { throw Error(ErrorCode::operation_invalid, std::move(message)); }
[[noreturn]] void bad_argument(std::string message) { throw Error(ErrorCode::invalid_arg, std::move(message)); }

model::Volume parse(std::string_view text) {
    return in_domain(ErrorDomain::storage, [&] {
        const auto document = xml::Document::parse(text, "(storage_volume_definition)");
        return model::volume.read(document.root("volume"));
    });
}

}  // namespace

Task<> Pools::update_facts(Ptr pool) {
    std::optional<FolderFacts> facts;
    try {
        facts = co_await backend_->facts(pool);
    } catch (const Error& error) {
        log::warning("storage pool '{}': {}", pool->name(), error.message());
    }
    if (facts && pool->is_active()) pool->set_facts(*facts);
}

Task<remote::StorageVol> Pools::create_volume(Ptr pool, std::string text, std::uint32_t flags,
                                              std::optional<Original> original) {
    auto volume = parse(text);
    if (pool->volumes().contains(volume.name)) throw backend_->volume_exists(volume.name, original.has_value());
    backend_->check_new(pool->def(), volume, flags);
    const std::string name = volume.name;
    volume.path = fmt::format("{}/{}", pool->target(), name);
    const auto claim = Pool::claim(pool, name);
    volume = co_await backend_->create(pool->def(), std::move(volume), flags, std::move(original));
    const remote::StorageVol handle{.pool = pool->name(), .name = name, .key = volume.key};
    // A claim keeps the pool from ending, so that it is still the active one.
    pool->volumes().insert_or_assign(name, std::move(volume));
    co_await update_facts(pool);
    co_return handle;
}

Task<remote::StorageVolCreateXmlRet> Pools::volume_create(rpc::Caller, remote::StorageVolCreateXmlArgs args) {
    allow_flags(args.flags, backend_->volume_flags(), "StorageVolCreateXML");
    if ((args.flags & protocol::VIR_STORAGE_VOL_CREATE_VALIDATE) != 0)
        co_await in_pool([text = args.xml] { model::validate_volume(text); });
    const auto pool = find_active(args.pool);
    auto handle = co_await create_volume(pool, std::move(args.xml), args.flags, std::nullopt);
    co_return remote::StorageVolCreateXmlRet{.vol = std::move(handle)};
}

Task<remote::StorageVolCreateXmlFromRet> Pools::volume_clone(rpc::Caller, remote::StorageVolCreateXmlFromArgs args) {
    allow_flags(args.flags, backend_->volume_flags(), "StorageVolCreateXMLFrom");
    if ((args.flags & protocol::VIR_STORAGE_VOL_CREATE_VALIDATE) != 0)
        co_await in_pool([text = args.xml] { model::validate_volume(text); });
    const auto pool = find_active(args.pool);
    const auto source = find_volume(args.clonevol);
    const auto& volume = volume_at(source);
    if (volume.type != model::Volume::Type::file && volume.type != model::Volume::Type::block)
        invalid(fmt::format("volume '{}' cannot be copied", volume.name));
    if (volume.encryption) throw Error(ErrorCode::no_support, "copies of encrypted storage volumes");
    const Original original{.path = volume.path, .format = volume.format, .capacity = volume.capacity_or_zero()};
    // Reading it twice at once is no harm; changing it meanwhile is.
    std::optional<VolumeClaim> claim;
    claim.emplace(Pool::claim(source.pool, source.volume));
    auto handle = co_await create_volume(pool, std::move(args.xml), args.flags, original);
    co_return remote::StorageVolCreateXmlFromRet{.vol = std::move(handle)};
}

Task<> Pools::volume_delete(rpc::Caller, remote::StorageVolDeleteArgs args) {
    allow_flags(args.flags, 0, "StorageVolDelete");
    const auto place = find_volume(args.vol);
    const auto claim = Pool::claim(place.pool, place.volume);
    co_await backend_->remove_volume(place.pool->def(), place.volume);
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
