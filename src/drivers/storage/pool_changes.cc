#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "base/error.h"
#include "base/in_domain.h"
#include "drivers/storage/pools.h"
#include "loop/pool.h"
#include "protocol/constants.h"
#include "xml/node.h"

/// What changes pools. Whoever touches a pool's folder holds the pool's turn and looks its state up after every wait.
namespace innkeeper::storage {

namespace remote = protocol::remote;
using namespace std::chrono_literals;
using Type = model::Pool::Type;

namespace {

constexpr auto patience = 30s;

remote::StoragePool handle(const Pool& pool) { return {.name = pool.name(), .uuid = pool.uuid()}; }

model::Pool parse(std::string_view text) {
    return in_domain(ErrorDomain::storage, [&] {
        const auto document = xml::Document::parse(text, "(storage_pool_definition)");
        return model::pool.read(document.root("pool"));
    });
}

[[noreturn]] void invalid(std::string message) { throw Error(ErrorCode::operation_invalid, std::move(message)); }

void must_be_inactive(const Pool& pool, const Backend& backend, std::string_view still) {
    if (pool.is_active()) throw backend.is_active(pool, still);
}

bool has_same_place(const model::Pool& a, const model::Pool& b) {
    if (a.type != b.type) return false;
    switch (a.type) {
        case Type::dir:
            return a.target == b.target;
        case Type::netfs:
            return a.source.hosts == b.source.hosts && a.source.directory == b.source.directory;
        case Type::logical:
            return a.source.name == b.source.name;
        case Type::fs:
        case Type::disk:
            return a.source.devices == b.source.devices;
        case Type::iscsi:
        case Type::iscsi_direct:
            return a.source.hosts == b.source.hosts && a.source.devices == b.source.devices &&
                   a.source.initiator == b.source.initiator;
        case Type::scsi:
            return a.source.adapter == b.source.adapter;
        case Type::mpath:
            return true;
        default:
            return false;
    }
}

}  // namespace

void Pools::check_conflict(const model::Pool& def) const {
    for (const auto& [name, other] : registry_.all())
        if (other->uuid() != *def.uuid && has_same_place(def, other->def()))
            throw Error(ErrorCode::operation_failed, fmt::format("Storage source conflict with pool: '{}'", name));
}

Task<Pools::Ptr> Pools::define_document(std::string text) {
    auto def = parse(text);
    backend_->complete(def);
    const auto turn = co_await turns_->take("define", patience, "storage pools");
    auto pool = registry_.match(def.name, *def.uuid);
    check_conflict(def);
    co_await store_->write(def.name, *def.uuid, model::pool.format(def));
    if (pool) {
        pool->define(std::move(def));
    } else {
        pool = std::make_shared<Pool>(std::move(def));
        registry_.add(pool);
    }
    pool->set_persistent(true);
    publish(*pool, protocol::VIR_STORAGE_POOL_EVENT_DEFINED);
    co_return pool;
}

Task<remote::StoragePoolDefineXmlRet> Pools::define(rpc::Caller, remote::StoragePoolDefineXmlArgs args) {
    allow_flags(args.flags, protocol::VIR_STORAGE_POOL_DEFINE_VALIDATE, "StoragePoolDefineXML");
    if (args.flags != 0) co_await in_pool([text = args.xml] { model::validate_pool(text); });
    const auto pool = co_await define_document(std::move(args.xml));
    co_return remote::StoragePoolDefineXmlRet{.pool = handle(*pool)};
}

Task<> Pools::undefine(rpc::Caller, remote::StoragePoolUndefineArgs args) {
    const auto turn = co_await turns_->take("undefine", patience, "storage pools");
    const auto pool = find(args.pool);
    const auto own = co_await pool->turn("undefine");
    find(args.pool);
    must_be_inactive(*pool, *backend_, "still");
    co_await store_->remove(pool->name());
    registry_.remove(*pool);
    publish(*pool, protocol::VIR_STORAGE_POOL_EVENT_UNDEFINED);
}

Task<> Pools::set_autostart(rpc::Caller, remote::StoragePoolSetAutostartArgs args) {
    const auto turn = co_await turns_->take("autostart", patience, "storage pools");
    const auto pool = find(args.pool);
    if (!pool->is_persistent()) throw backend_->has_no_file();
    const bool autostart = args.autostart != 0;
    if (pool->autostarts() == autostart) co_return;
    co_await store_->set_autostart(pool->name(), autostart);
    pool->set_autostart(autostart);
}

// ------------------------------------------------------------------------------------------------------ starting,
// ending

/// The caller holds the pool's turn and knows that it is not active.
Task<> Pools::start_pool(Ptr pool) {
    auto scanned = co_await backend_->scan(pool);
    // The state names the pool as it was defined, so that it is written before what was found is put in.
    co_await write_state(pool);
    pool->start(std::move(scanned));
    registry_.touch();
    publish(*pool, protocol::VIR_STORAGE_POOL_EVENT_STARTED);
}

Task<> Pools::build_pool(Ptr pool) {
    pool->set_building(true);
    std::exception_ptr failure;
    try {
        co_await backend_->build(pool->def());
    } catch (...) {
        failure = std::current_exception();
    }
    pool->set_building(false);
    if (failure) std::rethrow_exception(failure);
    publish(*pool, protocol::VIR_STORAGE_POOL_EVENT_CREATED);
}

Task<> Pools::create(rpc::Caller, remote::StoragePoolCreateArgs args) {
    allow_flags(args.flags, backend_->create_flags(), "StoragePoolCreate");
    const auto pool = find(args.pool);
    const auto turn = co_await pool->turn("start");
    find(args.pool);
    must_be_inactive(*pool, *backend_, "already");
    if (args.flags != 0) co_await build_pool(pool);
    co_await start_pool(pool);
}

Task<remote::StoragePoolCreateXmlRet> Pools::create_xml(rpc::Caller, remote::StoragePoolCreateXmlArgs args) {
    allow_flags(args.flags, backend_->create_flags(), "StoragePoolCreateXML");
    auto def = parse(args.xml);
    backend_->complete(def);
    Ptr pool;
    bool is_new = false;
    {
        const auto turn = co_await turns_->take("create", patience, "storage pools");
        pool = registry_.match(def.name, *def.uuid);
        if (pool && pool->is_active()) invalid(fmt::format("pool is already active as '{}'", pool->name()));
        check_conflict(def);
        if (pool) {
            pool->define(std::move(def));
        } else {
            pool = std::make_shared<Pool>(std::move(def));
            registry_.add(pool);
            is_new = true;
        }
    }
    std::exception_ptr failure;
    try {
        const auto turn = co_await pool->turn("start");
        must_be_inactive(*pool, *backend_, "already");
        if (args.flags != 0) co_await build_pool(pool);
        co_await start_pool(pool);
    } catch (...) {
        failure = std::current_exception();
    }
    if (failure) {
        // Somebody may have defined it meanwhile: then it stays.
        if (is_new && !pool->is_active() && !pool->is_persistent()) registry_.remove(*pool);
        std::rethrow_exception(failure);
    }
    co_return remote::StoragePoolCreateXmlRet{.pool = handle(*pool)};
}

Task<> Pools::build(rpc::Caller, remote::StoragePoolBuildArgs args) {
    if (backend_->create_flags() == 0) allow_flags(args.flags, 0, "StoragePoolBuild");
    const auto pool = find(args.pool);
    const auto turn = co_await pool->turn("build");
    find(args.pool);
    must_be_inactive(*pool, *backend_, "already");
    co_await build_pool(pool);
}

Task<> Pools::destroy(rpc::Caller, remote::StoragePoolDestroyArgs args) {
    const auto pool = find(args.pool);
    const auto turn = co_await pool->turn("destroy");
    find_active(args.pool);
    pool->must_be_quiet();
    co_await remove_state(pool);
    pool->stop();
    registry_.touch();
    publish(*pool, protocol::VIR_STORAGE_POOL_EVENT_STOPPED);
    if (!pool->is_persistent()) registry_.remove(*pool);
}

Task<> Pools::delete_pool(rpc::Caller, remote::StoragePoolDeleteArgs args) {
    const auto pool = find(args.pool);
    const auto turn = co_await pool->turn("delete");
    find(args.pool);
    must_be_inactive(*pool, *backend_, "still");
    co_await backend_->remove(pool->def(), args.flags);
    publish(*pool, protocol::VIR_STORAGE_POOL_EVENT_DELETED);
}

Task<> Pools::refresh(rpc::Caller, remote::StoragePoolRefreshArgs args) {
    allow_flags(args.flags, 0, "StoragePoolRefresh");
    const auto pool = find_active(args.pool);
    const auto turn = co_await pool->turn("refresh");
    find_active(args.pool);
    pool->must_be_quiet();
    auto scanned = co_await backend_->scan(pool);
    // What began while the folder was read is not in there.
    pool->must_be_quiet();
    pool->set_scanned(std::move(scanned));
    publish_refresh(*pool);
}

void Pools::add_pool_handlers(rpc::HandlerTable& table) {
    table.add<remote::ConnectNumOfStoragePools>(*this, &Pools::num_active);
    table.add<remote::ConnectNumOfDefinedStoragePools>(*this, &Pools::num_defined);
    table.add<remote::ConnectListStoragePools>(*this, &Pools::list_active);
    table.add<remote::ConnectListDefinedStoragePools>(*this, &Pools::list_defined);
    table.add<remote::ConnectListAllStoragePools>(*this, &Pools::list_all);
    table.add<remote::ConnectGetStoragePoolCapabilities>(*this, &Pools::capabilities);
    table.add<remote::ConnectFindStoragePoolSources>(*this, &Pools::find_sources);
    table.add<remote::StoragePoolLookupByName>(*this, &Pools::by_name);
    table.add<remote::StoragePoolLookupByUuid>(*this, &Pools::by_uuid);
    table.add<remote::StoragePoolLookupByVolume>(*this, &Pools::by_volume);
    table.add<remote::StoragePoolLookupByTargetPath>(*this, &Pools::by_target);
    table.add<remote::StoragePoolGetInfo>(*this, &Pools::info);
    table.add<remote::StoragePoolGetXmlDesc>(*this, &Pools::xml);
    table.add<remote::StoragePoolGetAutostart>(*this, &Pools::get_autostart);
    table.add<remote::StoragePoolSetAutostart>(*this, &Pools::set_autostart);
    table.add<remote::StoragePoolIsActive>(*this, &Pools::is_active);
    table.add<remote::StoragePoolIsPersistent>(*this, &Pools::is_persistent);
    table.add<remote::StoragePoolDefineXml>(*this, &Pools::define);
    table.add<remote::StoragePoolCreateXml>(*this, &Pools::create_xml);
    table.add<remote::StoragePoolCreate>(*this, &Pools::create);
    table.add<remote::StoragePoolBuild>(*this, &Pools::build);
    table.add<remote::StoragePoolDestroy>(*this, &Pools::destroy);
    table.add<remote::StoragePoolDelete>(*this, &Pools::delete_pool);
    table.add<remote::StoragePoolUndefine>(*this, &Pools::undefine);
    table.add<remote::StoragePoolRefresh>(*this, &Pools::refresh);
    table.add<remote::ConnectStoragePoolEventRegisterAny>(*this, &Pools::register_event);
    table.add<remote::ConnectStoragePoolEventDeregisterAny>(*this, &Pools::deregister_event);
}

}  // namespace innkeeper::storage
