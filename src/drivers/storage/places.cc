#include <fmt/format.h>

#include "base/error.h"
#include "drivers/storage/pools.h"

/// Where volumes are, as other drivers ask.
namespace innkeeper::storage {

namespace {

objects::Volumes::Place::Kind kind_of(model::Volume::Type type) {
    using Kind = objects::Volumes::Place::Kind;
    using Type = model::Volume::Type;
    switch (type) {
        case Type::block:
            return Kind::block;
        case Type::dir:
            return Kind::folder;
        case Type::network:
        case Type::netdir:
            return Kind::network;
        default:
            return Kind::file;
    }
}

}  // namespace

Task<objects::Volumes::Place> Pools::place(std::string pool, std::string volume) {
    const auto found = registry_.by_name(pool);
    if (!found)
        throw Error(ErrorCode::no_storage_pool, ErrorDomain::storage,
                    fmt::format("no storage pool with matching name '{}'", pool));
    if (!found->is_active())
        throw Error(ErrorCode::config_unsupported, ErrorDomain::domain,
                    fmt::format("storage pool '{}' containing volume '{}' is not active", pool, volume));
    const auto& volumes = found->volumes();
    const auto at = volumes.find(volume);
    if (at == volumes.end())
        throw Error(ErrorCode::no_storage_vol, ErrorDomain::storage,
                    fmt::format("no storage vol with matching name '{}'", volume));
    objects::Volumes::Place place;
    place.kind = kind_of(at->second.type);
    place.path = at->second.path;
    place.pool_type = xml::name(found->def().type);
    co_return place;
}

}  // namespace innkeeper::storage
