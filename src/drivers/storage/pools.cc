#include "drivers/storage/pools.h"

#include <fmt/format.h>

#include <chrono>

#include "base/error.h"
#include "base/files.h"
#include "base/log.h"
#include "loop/pool.h"
#include "objects/requests.h"
#include "protocol/constants.h"
#include "protocol/remote/events.h"
#include "xml/node.h"

namespace innkeeper::storage {

namespace remote = protocol::remote;
using namespace std::chrono_literals;

Pools::Pools(std::unique_ptr<objects::DefinitionStore> store, std::unique_ptr<Backend> backend,
             std::string state_folder)
    : store_(std::move(store)),
      backend_(std::move(backend)),
      state_folder_(std::move(state_folder)),
      registry_("pool", ErrorDomain::storage) {
    rpc::HandlerTable table;
    describe(table);
    add_pool_handlers(table);
    add_volume_handlers(table);
    if (const auto only = backend_->procedures(); only.empty())
        handlers_.merge(table);
    else
        handlers_.merge(table, only);
}

void Pools::allow_flags(std::uint32_t flags, std::uint32_t known, std::string_view function) const {
    objects::allow_flags(flags, known, ErrorDomain::none, backend_->function(function));
}

Task<> Pools::add(xml::Node element) {
    const auto pool = co_await define_document(element.source());
    {
        const auto turn = co_await pool->turn("start");
        co_await start_pool(pool);
    }
    for (auto volume = element.child("volume"); volume; volume = volume.next("volume"))
        co_await create_volume(pool, volume.source(), 0, std::nullopt);
}

Task<model::Pool> Pools::read_definition(objects::DefinitionStore::Found found) {
    const auto text = co_await store_->read(found.name);
    const auto document = xml::Document::parse(text, "(storage_pool_definition)");
    auto def = model::pool.read(document.root("pool"));
    def.uuid = found.uuid;
    co_return def;
}

Task<> Pools::reload() {
    for (const auto& found : co_await store_->look_again()) {
        try {
            auto def = co_await read_definition(found);
            auto pool = registry_.match(found.name, found.uuid);
            if (!pool) {
                pool = std::make_shared<Pool>(std::move(def));
                registry_.add(pool);
            } else {
                const auto turn = co_await pool->turn("reload");
                pool->define(std::move(def));
            }
            pool->set_persistent(true);
            pool->set_autostart(found.autostart);
        } catch (const Error& error) {
            log::error("storage pool '{}' is left alone: {}", found.name, error.message());
        }
    }
}

Task<> Pools::start() {
    for (const auto& found : co_await store_->scan()) {
        try {
            auto def = co_await read_definition(found);
            auto pool = std::make_shared<Pool>(std::move(def));
            pool->set_persistent(true);
            pool->set_autostart(found.autostart);
            registry_.add(std::move(pool));
        } catch (const Error& error) {
            log::error("storage pool '{}' is left alone: {}", found.name, error.message());
        }
    }
    const std::string folder = state_folder_;
    for (auto& file : co_await in_pool([folder] { return list_directory(folder); }))
        if (file.ends_with(".xml")) transfers_.spawn(resume(folder + "/" + file));
    transfers_.spawn(start_by_itself());
}

/// A pool that an earlier daemon left active. Its folder may hang: nobody waits for it.
Task<> Pools::resume(std::string file) {
    try {
        const auto text = co_await in_pool([file] { return read_file(file); });
        if (!text) co_return;
        const auto document = xml::Document::parse(*text, "(pool state)");
        auto def = model::pool.read(document.root("poolstate").child("pool"));
        auto pool = registry_.match(def.name, *def.uuid);
        if (!pool) {
            pool = std::make_shared<Pool>(std::move(def));
            registry_.add(pool);
        }
        const auto turn = co_await pool->turn("start");
        if (!pool->is_active()) co_await start_pool(pool);
    } catch (const Error& error) {
        log::error("storage pool of '{}' is not active any more: {}", file, error.message());
    }
}

/// Once after each boot of the machine, which clears the run directory.
Task<> Pools::start_by_itself() {
    const std::string folder = state_folder_, marker = folder + "/autostarted";
    const bool is_first = co_await in_pool([folder, marker] {
        if (path_exists(marker)) return false;
        make_directories(folder, 0700);
        write_volatile_file(marker, "", 0600);
        return true;
    });
    if (!is_first) co_return;
    std::vector<Ptr> pools;
    for (const auto& [name, pool] : registry_.all())
        if (pool->autostarts()) pools.push_back(pool);
    for (const auto& pool : pools) {
        try {
            const auto turn = co_await pool->turn("start");
            if (!pool->is_active()) co_await start_pool(pool);
        } catch (const Error& error) {
            log::error("Failed to autostart storage pool '{}': {}", pool->name(), error.message());
        }
    }
}

Task<> Pools::write_state(Ptr pool) {
    if (state_folder_.empty()) co_return;
    xml::Writer writer;
    writer.open("poolstate");
    auto def = pool->def();
    def.capacity = def.allocation = def.available = 0;
    model::pool.write(def, writer);
    writer.close();
    const auto text =
        objects::DefinitionStore::with_comment("pool-edit", pool->name(), pool->uuid(), std::move(writer).take());
    const std::string folder = state_folder_, path = fmt::format("{}/{}.xml", folder, pool->name());
    co_await in_pool([folder, path, text] {
        make_directories(folder, 0700);
        write_volatile_file(path, text, 0600);
    });
}

Task<> Pools::remove_state(Ptr pool) {
    if (state_folder_.empty()) co_return;
    const std::string path = fmt::format("{}/{}.xml", state_folder_, pool->name());
    co_await in_pool([path] { remove_file(path); });
}

// ------------------------------------------------------------------------------------------------------------- finding

Pools::Ptr Pools::find(const remote::StoragePool& which) const {
    if (auto found = registry_.by_uuid(which.uuid)) return found;
    throw Error(ErrorCode::no_storage_pool,
                fmt::format("no storage pool with matching uuid '{}' ({})", which.uuid.text(), which.name));
}

Pools::Ptr Pools::find_active(const remote::StoragePool& which) const {
    auto pool = find(which);
    if (!pool->is_active())
        throw Error(ErrorCode::operation_invalid, fmt::format("storage pool '{}' is not active", pool->name()));
    return pool;
}

Pools::Place Pools::find_volume(const remote::StorageVol& which) const {
    const auto pool = find_name(which.pool);
    if (!pool->is_active())
        throw Error(ErrorCode::operation_invalid, fmt::format("storage pool '{}' is not active", pool->name()));
    Place place{pool, which.name};
    volume_at(place);
    return place;
}

model::Volume& Pools::volume_at(const Place& place) const {
    const auto found = place.pool->volumes().find(place.volume);
    if (found == place.pool->volumes().end())
        throw Error(ErrorCode::no_storage_vol, fmt::format("no storage vol with matching name '{}'", place.volume));
    return found->second;
}

// ------------------------------------------------------------------------------------------------------------- events

void Pools::publish(const Pool& pool, std::int32_t what) {
    const remote::StoragePoolEventLifecycleMsg message{.pool = {.name = pool.name(), .uuid = pool.uuid()},
                                                       .event = what};
    events_.publish(protocol::VIR_STORAGE_POOL_EVENT_ID_LIFECYCLE, pool.uuid().text(),
                    {.callback = &remote::StoragePoolEventLifecycle::row}, rpc::encoded(message).substr(4));
}

void Pools::publish_refresh(const Pool& pool) {
    const remote::StoragePoolEventRefreshMsg message{.pool = {.name = pool.name(), .uuid = pool.uuid()}};
    events_.publish(protocol::VIR_STORAGE_POOL_EVENT_ID_REFRESH, pool.uuid().text(),
                    {.callback = &remote::StoragePoolEventRefresh::row}, rpc::encoded(message).substr(4));
}

}  // namespace innkeeper::storage
