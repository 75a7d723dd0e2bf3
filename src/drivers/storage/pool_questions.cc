#include <fmt/format.h>

#include <array>

#include "base/error.h"
#include "drivers/storage/pools.h"
#include "objects/requests.h"
#include "protocol/constants.h"

/// What is answered about pools from what is known of them, without touching their folders.
namespace innkeeper::storage {

namespace remote = protocol::remote;
using Type = model::Pool::Type;

namespace {

remote::StoragePool handle(const Pool& pool) { return {.name = pool.name(), .uuid = pool.uuid()}; }

std::uint32_t type_flag(Type type) {
    using namespace protocol;
    switch (type) {
        case Type::dir:
            return VIR_CONNECT_LIST_STORAGE_POOLS_DIR;
        case Type::fs:
            return VIR_CONNECT_LIST_STORAGE_POOLS_FS;
        case Type::netfs:
            return VIR_CONNECT_LIST_STORAGE_POOLS_NETFS;
        case Type::logical:
            return VIR_CONNECT_LIST_STORAGE_POOLS_LOGICAL;
        case Type::disk:
            return VIR_CONNECT_LIST_STORAGE_POOLS_DISK;
        case Type::iscsi:
            return VIR_CONNECT_LIST_STORAGE_POOLS_ISCSI;
        case Type::iscsi_direct:
            return VIR_CONNECT_LIST_STORAGE_POOLS_ISCSI_DIRECT;
        case Type::scsi:
            return VIR_CONNECT_LIST_STORAGE_POOLS_SCSI;
        case Type::mpath:
            return VIR_CONNECT_LIST_STORAGE_POOLS_MPATH;
        case Type::rbd:
            return VIR_CONNECT_LIST_STORAGE_POOLS_RBD;
        case Type::sheepdog:
            return VIR_CONNECT_LIST_STORAGE_POOLS_SHEEPDOG;
        case Type::gluster:
            return VIR_CONNECT_LIST_STORAGE_POOLS_GLUSTER;
        case Type::zfs:
            return VIR_CONNECT_LIST_STORAGE_POOLS_ZFS;
        case Type::vstorage:
            return VIR_CONNECT_LIST_STORAGE_POOLS_VSTORAGE;
    }
    return 0;
}

constexpr std::uint32_t all_types = 0xfffc0, all_list_flags = 0xfffff;

bool is_listed(const Pool& pool, std::uint32_t flags) {
    using namespace protocol;
    using objects::passes;
    return passes(flags, VIR_CONNECT_LIST_STORAGE_POOLS_ACTIVE, VIR_CONNECT_LIST_STORAGE_POOLS_INACTIVE,
                  pool.is_active()) &&
           passes(flags, VIR_CONNECT_LIST_STORAGE_POOLS_PERSISTENT, VIR_CONNECT_LIST_STORAGE_POOLS_TRANSIENT,
                  pool.is_persistent()) &&
           passes(flags, VIR_CONNECT_LIST_STORAGE_POOLS_AUTOSTART, VIR_CONNECT_LIST_STORAGE_POOLS_NO_AUTOSTART,
                  pool.autostarts()) &&
           ((flags & all_types) == 0 || (flags & type_flag(pool.def().type)) != 0);
}

template <class Registry>
std::vector<std::string> names(const rpc::Caller& caller, const Registry& registry, bool active, std::int32_t most) {
    std::vector<std::string> names;
    for (const auto& [name, pool] : registry.all())
        if (pool->is_active() == active && caller.sees(name)) names.push_back(name);
    return objects::at_most(std::move(names), most);
}

}  // namespace

remote::ConnectNumOfStoragePoolsRet Pools::num_active(const rpc::Caller& caller) {
    return {.num = static_cast<std::int32_t>(names(caller, registry_, true, INT32_MAX).size())};
}

remote::ConnectNumOfDefinedStoragePoolsRet Pools::num_defined(const rpc::Caller& caller) {
    return {.num = static_cast<std::int32_t>(names(caller, registry_, false, INT32_MAX).size())};
}

remote::ConnectListStoragePoolsRet Pools::list_active(const rpc::Caller& caller,
                                                      const remote::ConnectListStoragePoolsArgs& args) {
    return {.names = names(caller, registry_, true, args.maxnames)};
}

remote::ConnectListDefinedStoragePoolsRet Pools::list_defined(const rpc::Caller& caller,
                                                              const remote::ConnectListDefinedStoragePoolsArgs& args) {
    return {.names = names(caller, registry_, false, args.maxnames)};
}

remote::ConnectListAllStoragePoolsRet Pools::list_all(const rpc::Caller& caller,
                                                      const remote::ConnectListAllStoragePoolsArgs& args) {
    allow_flags(args.flags, all_list_flags, "ConnectListAllStoragePools");
    remote::ConnectListAllStoragePoolsRet ret;
    for (const auto& [name, pool] : registry_.all()) {
        if (!is_listed(*pool, args.flags) || !caller.sees(name)) continue;
        ++ret.ret;
        if (args.need_results != 0) ret.pools.push_back(handle(*pool));
    }
    return ret;
}

remote::ConnectFindStoragePoolSourcesRet Pools::find_sources(const rpc::Caller&,
                                                             const remote::ConnectFindStoragePoolSourcesArgs& args) {
    allow_flags(args.flags, 0, "ConnectFindStoragePoolSources");
    return {.xml = backend_->sources(args.type, args.srcSpec)};
}

remote::StoragePoolLookupByNameRet Pools::by_name(const rpc::Caller&, const remote::StoragePoolLookupByNameArgs& args) {
    return {.pool = handle(*find_name(args.name))};
}

remote::StoragePoolLookupByUuidRet Pools::by_uuid(const rpc::Caller&, const remote::StoragePoolLookupByUuidArgs& args) {
    return {.pool = handle(*find_uuid(args.uuid))};
}

remote::StoragePoolLookupByVolumeRet Pools::by_volume(const rpc::Caller&,
                                                      const remote::StoragePoolLookupByVolumeArgs& args) {
    return {.pool = handle(*find_volume(args.vol).pool)};
}

remote::StoragePoolLookupByTargetPathRet Pools::by_target(const rpc::Caller&,
                                                          const remote::StoragePoolLookupByTargetPathArgs& args) {
    return {.pool = handle(*find_target(args.path))};
}

remote::StoragePoolGetInfoRet Pools::info(const rpc::Caller&, const remote::StoragePoolGetInfoArgs& args) {
    const auto pool = find(args.pool);
    const auto state = pool->is_building() ? protocol::VIR_STORAGE_POOL_BUILDING
                       : pool->is_active() ? protocol::VIR_STORAGE_POOL_RUNNING
                                           : protocol::VIR_STORAGE_POOL_INACTIVE;
    return {.state = static_cast<std::uint8_t>(state),
            .capacity = pool->def().capacity,
            .allocation = pool->def().allocation,
            .available = pool->def().available};
}

remote::StoragePoolGetXmlDescRet Pools::xml(const rpc::Caller&, const remote::StoragePoolGetXmlDescArgs& args) {
    allow_flags(args.flags, backend_->shows_next_definition() ? protocol::VIR_STORAGE_XML_INACTIVE : 0,
                "StoragePoolGetXMLDesc");
    const auto pool = find(args.pool);
    const bool inactive = (args.flags & protocol::VIR_STORAGE_XML_INACTIVE) != 0;
    return {.xml = model::pool.format(inactive ? pool->next_def() : pool->def())};
}

remote::StoragePoolGetAutostartRet Pools::get_autostart(const rpc::Caller&,
                                                        const remote::StoragePoolGetAutostartArgs& args) {
    return {.autostart = find(args.pool)->autostarts() ? 1 : 0};
}

remote::StoragePoolIsActiveRet Pools::is_active(const rpc::Caller&, const remote::StoragePoolIsActiveArgs& args) {
    return {.active = find(args.pool)->is_active() ? 1 : 0};
}

remote::StoragePoolIsPersistentRet Pools::is_persistent(const rpc::Caller&,
                                                        const remote::StoragePoolIsPersistentArgs& args) {
    return {.persistent = find(args.pool)->is_persistent() ? 1 : 0};
}

remote::ConnectStoragePoolEventRegisterAnyRet Pools::register_event(
    const rpc::Caller& caller, const remote::ConnectStoragePoolEventRegisterAnyArgs& args) {
    if (args.eventID < 0 || args.eventID > protocol::VIR_STORAGE_POOL_EVENT_ID_REFRESH)
        throw Error(ErrorCode::internal_error, fmt::format("unsupported storage pool event ID {}", args.eventID));
    const auto object = args.pool ? find(*args.pool)->uuid().text() : std::string();
    return {.callbackID = events_.add(caller.session, args.eventID, object, objects::EventHub::Style::callback)};
}

void Pools::deregister_event(const rpc::Caller& caller, const remote::ConnectStoragePoolEventDeregisterAnyArgs& args) {
    events_.remove(*caller.session, args.callbackID);
}

}  // namespace innkeeper::storage
