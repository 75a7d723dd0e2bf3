#include <fmt/format.h>

#include "base/error.h"
#include "drivers/storage/pools.h"
#include "objects/subjects.h"

/// Pools and their volumes as access rules know them.
namespace innkeeper::storage {

using protocol::Subject;

namespace {

Subject subject_of(const Pool& pool) {
    return {.kind = "storage_pool", .by = Subject::By::identity, .name = pool.name(), .uuid = pool.uuid()};
}

Subject subject_of(const Pool& pool, const model::Volume& volume) {
    return {.kind = "storage_vol",
            .by = Subject::By::identity,
            .name = volume.name,
            .word = volume.key,
            .parent = pool.name(),
            .parent_uuid = pool.uuid()};
}

}  // namespace

void Pools::describe(rpc::HandlerTable& table) {
    table.describe("storage_pool", *this, &Pools::subject, &Pools::subjects);
    table.describe("storage_vol", *this, &Pools::volume_subject, &Pools::volume_subjects);
}

Pools::Ptr Pools::find_name(const std::string& name) const {
    if (auto found = registry_.by_name(name)) return found;
    throw Error(ErrorCode::no_storage_pool, fmt::format("no storage pool with matching name '{}'", name));
}

Pools::Ptr Pools::find_uuid(const Uuid& uuid) const {
    if (auto found = registry_.by_uuid(uuid)) return found;
    throw Error(ErrorCode::no_storage_pool, fmt::format("no storage pool with matching uuid '{}'", uuid.text()));
}

Pools::Ptr Pools::find_target(const std::string& path) const {
    std::string_view wanted = path;
    while (wanted.size() > 1 && wanted.ends_with('/')) wanted.remove_suffix(1);
    for (const auto& [name, pool] : registry_.all())
        if (pool->is_active() && pool->def().target == wanted) return pool;
    throw Error(ErrorCode::no_storage_pool, fmt::format("no storage pool with matching target path '{}'", path));
}

Task<Subject> Pools::subject(Subject asked) {
    switch (asked.by) {
        case Subject::By::document:
            co_return objects::described("storage_pool", asked.word, "pool", "(storage_pool_definition)");
        case Subject::By::name:
            co_return subject_of(*find_name(asked.name));
        case Subject::By::uuid:
            co_return subject_of(*find_uuid(asked.uuid));
        case Subject::By::path:
            co_return subject_of(*find_target(asked.word));
        default:
            co_return subject_of(*find({.name = asked.name, .uuid = asked.uuid}));
    }
}

Task<std::vector<Subject>> Pools::subjects(Subject) {
    std::vector<Subject> all;
    for (const auto& [name, pool] : registry_.all()) all.push_back(subject_of(*pool));
    co_return all;
}

Task<Subject> Pools::volume_subject(Subject asked) {
    Place place;
    switch (asked.by) {
        case Subject::By::document: {
            const auto pool = find_active({.name = asked.parent, .uuid = asked.parent_uuid});
            Subject volume = objects::described("storage_vol", asked.word, "volume", "(storage_volume_definition)");
            volume.parent = pool->name();
            volume.parent_uuid = pool->uuid();
            co_return volume;
        }
        case Subject::By::name:
            place = {find_active({.name = asked.parent, .uuid = asked.parent_uuid}), asked.name};
            break;
        case Subject::By::path:
            place = find_path(asked.word);
            break;
        case Subject::By::key:
            place = find_key(asked.word);
            break;
        default:
            place = find_volume({.pool = asked.parent, .name = asked.name});
    }
    co_return subject_of(*place.pool, volume_at(place));
}

Task<std::vector<Subject>> Pools::volume_subjects(Subject which) {
    const auto pool = find_active({.name = which.name, .uuid = which.uuid});
    std::vector<Subject> all;
    for (const auto& [name, volume] : pool->volumes()) all.push_back(subject_of(*pool, volume));
    co_return all;
}

}  // namespace innkeeper::storage
