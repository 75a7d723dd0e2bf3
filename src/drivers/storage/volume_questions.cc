#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "drivers/storage/pools.h"
#include "loop/pool.h"
#include "objects/requests.h"
#include "protocol/constants.h"

/// What is asked about volumes. Lists are what was last seen; the sizes of one volume are looked at again.
namespace innkeeper::storage {

namespace remote = protocol::remote;

namespace {

/// More than this at once in one pool means that its folder hangs: then the last known answer has to do.
constexpr unsigned most_looking = 4;

remote::StorageVol handle(const Pool& pool, const model::Volume& volume) {
    return {.pool = pool.name(), .name = volume.name, .key = volume.key};
}

/// Without repeated slashes.
std::string tidy(std::string_view path) {
    std::string text;
    for (const char c : path)
        if (c != '/' || text.empty() || text.back() != '/') text += c;
    return text;
}

}  // namespace

remote::StoragePoolNumOfVolumesRet Pools::num_volumes(const rpc::Caller& caller,
                                                      const remote::StoragePoolNumOfVolumesArgs& args) {
    const auto seen = [&](const auto& entry) { return caller.sees(entry.first); };
    return {.num = static_cast<std::int32_t>(std::ranges::count_if(find_active(args.pool)->volumes(), seen))};
}

remote::StoragePoolListVolumesRet Pools::list_volumes(const rpc::Caller& caller,
                                                      const remote::StoragePoolListVolumesArgs& args) {
    std::vector<std::string> names;
    for (const auto& [name, volume] : find_active(args.pool)->volumes())
        if (caller.sees(name)) names.push_back(name);
    return {.names = objects::at_most(std::move(names), args.maxnames)};
}

remote::StoragePoolListAllVolumesRet Pools::list_all_volumes(const rpc::Caller& caller,
                                                             const remote::StoragePoolListAllVolumesArgs& args) {
    allow_flags(args.flags, 0, "StoragePoolListAllVolumes");
    const auto pool = find_active(args.pool);
    remote::StoragePoolListAllVolumesRet ret;
    for (const auto& [name, volume] : pool->volumes()) {
        if (!caller.sees(name)) continue;
        ++ret.ret;
        if (args.need_results != 0) ret.vols.push_back(handle(*pool, volume));
    }
    return ret;
}

remote::StorageVolLookupByNameRet Pools::volume_by_name(const rpc::Caller&,
                                                        const remote::StorageVolLookupByNameArgs& args) {
    const auto pool = find_active(args.pool);
    return {.vol = handle(*pool, volume_at({pool, args.name}))};
}

Pools::Place Pools::find_path(const std::string& path) const {
    const auto wanted = tidy(path);
    for (const auto& [name, pool] : registry_.all())
        for (const auto& [volume_name, volume] : pool->volumes())
            if (pool->is_active() && tidy(volume.path) == wanted) return {pool, volume_name};
    throw Error(ErrorCode::no_storage_vol, fmt::format("no storage vol with matching path '{}'", path));
}

Pools::Place Pools::find_key(const std::string& key) const {
    for (const auto& [name, pool] : registry_.all())
        for (const auto& [volume_name, volume] : pool->volumes())
            if (pool->is_active() && volume.key == key) return {pool, volume_name};
    throw Error(ErrorCode::no_storage_vol, fmt::format("no storage vol with matching key {}", key));
}

remote::StorageVolLookupByKeyRet Pools::volume_by_key(const rpc::Caller&,
                                                      const remote::StorageVolLookupByKeyArgs& args) {
    const auto place = find_key(args.key);
    return {.vol = handle(*place.pool, volume_at(place))};
}

remote::StorageVolLookupByPathRet Pools::volume_by_path(const rpc::Caller&,
                                                        const remote::StorageVolLookupByPathArgs& args) {
    const auto place = find_path(args.path);
    return {.vol = handle(*place.pool, volume_at(place))};
}

remote::StorageVolGetPathRet Pools::volume_path(const rpc::Caller&, const remote::StorageVolGetPathArgs& args) {
    return {.name = volume_at(find_volume(args.vol)).path};
}

namespace {

/// Counts those who look, whatever ends it.
struct Look {
    explicit Look(std::shared_ptr<Pool> which) : pool(std::move(which)) { ++pool->looking; }
    Look(const Look&) = delete;
    Look& operator=(const Look&) = delete;
    ~Look() { --pool->looking; }
    std::shared_ptr<Pool> pool;
};

void take_over(const model::Volume& seen, model::Volume& volume) {
    volume.capacity = seen.capacity;
    volume.allocation = seen.allocation;
    volume.physical = seen.physical;
    volume.permissions = seen.permissions;
    volume.timestamps = seen.timestamps;
    if (volume.backing && seen.backing && seen.backing->permissions) {
        volume.backing->permissions = seen.backing->permissions;
        volume.backing->timestamps = seen.backing->timestamps;
    }
}

}  // namespace

Task<> Pools::look_again(Place place) {
    if (place.pool->looking >= most_looking) co_return;
    const Look look(place.pool);
    const auto seen = co_await backend_->look(place.pool->def(), place.volume);
    if (!seen) co_return;
    const auto now = place.pool->volumes().find(place.volume);
    if (now != place.pool->volumes().end()) take_over(*seen, now->second);
}

Task<remote::StorageVolGetInfoRet> Pools::volume_info(rpc::Caller, remote::StorageVolGetInfoArgs args) {
    const auto place = find_volume(args.vol);
    co_await look_again(place);
    const auto& volume = volume_at(place);
    co_return remote::StorageVolGetInfoRet{.type = static_cast<std::int8_t>(volume.type),
                                           .capacity = volume.capacity_or_zero(),
                                           .allocation = volume.allocation.value_or(0)};
}

Task<remote::StorageVolGetInfoFlagsRet> Pools::volume_info_flags(rpc::Caller, remote::StorageVolGetInfoFlagsArgs args) {
    objects::allow_flags(args.flags, protocol::VIR_STORAGE_VOL_GET_PHYSICAL, ErrorDomain::storage,
                         "storageVolGetInfoFlags");
    const auto place = find_volume(args.vol);
    co_await look_again(place);
    const auto& volume = volume_at(place);
    co_return remote::StorageVolGetInfoFlagsRet{
        .type = static_cast<std::int8_t>(volume.type),
        .capacity = volume.capacity_or_zero(),
        .allocation = (args.flags != 0 ? volume.physical : volume.allocation).value_or(0)};
}

Task<remote::StorageVolGetXmlDescRet> Pools::volume_xml(rpc::Caller, remote::StorageVolGetXmlDescArgs args) {
    allow_flags(args.flags, 0, "StorageVolGetXMLDesc");
    const auto place = find_volume(args.vol);
    co_await look_again(place);
    co_return remote::StorageVolGetXmlDescRet{.xml = model::volume.format(volume_at(place))};
}

}  // namespace innkeeper::storage
