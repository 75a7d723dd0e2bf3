#include <exception>
#include <unordered_set>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/log.h"
#include "base/undo.h"
#include "guests/guests.h"
#include "loop/pool.h"
#include "model/domain/domain.h"

/// What SIGHUP asks for: people and programs put definitions where the daemon keeps its own.
namespace innkeeper::guests {

Task<> Guests::reload() {
    std::vector<Task<>> tasks;
    std::unordered_set<std::string> names;
    for (auto& found : co_await store_->look_again()) {
        names.insert(found.name);
        tasks.push_back(reload_one(std::move(found)));
    }
    for (const auto& [name, guest] : registry_.all())
        if (!names.contains(name)) guest->keep_persistent();
    // All at once: a guest that is busy keeps nobody waiting but itself.
    co_await all(std::move(tasks));
}

Task<> Guests::reload_one(objects::DefinitionStore::Found found) {
    try {
        const auto guest = find_or_make(found.name, found.uuid);
        Undo undo;
        undo.push([&] { forget_unused(*guest); });
        const auto turn = co_await guest->queue("reload");
        // Undefined or renamed by who had the turn before.
        if (guest->is_gone() || guest->name() != found.name) co_return;
        auto text = co_await store_->read(found.name);
        DefPtr def = co_await in_pool([text = std::move(text), uuid = found.uuid]() -> DefPtr {
            auto parsed = std::make_shared<model::DomainDef>(model::parse_domain(text));
            parsed->uuid = uuid;
            return parsed;
        });
        def = co_await completed(std::move(def));
        if (def->name != found.name || def->uuid != guest->uuid())
            throw Error(ErrorCode::internal_error, "it changed while it was read");
        const bool is_new = !guest->is_persistent();
        guest->set_persistent(std::move(def));
        guest->set_autostart(found.autostart);
        undo.commit();
        if (is_new) guest->lifecycle(Lifecycle::defined, static_cast<std::int32_t>(DefinedDetail::added));
    } catch (const Cancelled&) {
        throw;
    } catch (const std::exception& error) {
        log::error("definition '{}' is left alone: {}", store_->path_of(found.name), error.what());
        if (const auto guest = registry_.by_name(found.name)) guest->keep_persistent();
    }
}

}  // namespace innkeeper::guests
