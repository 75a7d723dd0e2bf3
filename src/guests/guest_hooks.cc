#include <fmt/format.h>

#include <optional>
#include <utility>

#include "base/error.h"
#include "base/log.h"
#include "guests/guests.h"
#include "loop/pool.h"
#include "model/domain/domain.h"

/// What the administrator's hooks hear of guests, whatever runs them.
namespace innkeeper::guests {

namespace {

template <class Device>
void forget_terminals(std::vector<Device>& devices) {
    for (auto& device : devices)
        if (device.source.type == model::ChardevSource::Type::pty) device.source.path.clear();
}

/// Of what has ended nothing is said that only a process had: its number, its terminals, its ports.
model::DomainDef without_process(model::DomainDef def) {
    def.id.reset();
    forget_terminals(def.devices.serials);
    forget_terminals(def.devices.parallels);
    forget_terminals(def.devices.channels);
    forget_terminals(def.devices.consoles);
    for (auto& graphics : def.devices.graphics)
        if (graphics.autoport.value_or(false)) graphics.port = -1;
    return def;
}

}  // namespace

objects::Hooks* Guests::hooks() const { return hooks_ != nullptr && hooks_->has(folder_) ? hooks_ : nullptr; }

Task<> Guest::hook(std::string operation) {
    auto* hooks = owner_.hooks();
    if (hooks == nullptr || !is_active()) co_return;
    const auto self = shared_from_this();
    const int id = id_;
    const std::string driver = owner_.hypervisor().folder();
    std::optional<Turns::Aside> aside;
    if (turns_) aside.emplace(turns_->aside(fmt::format("the hook '{} {}'", driver, operation)));
    co_await hooks->run({.driver = driver,
                         .object = name_,
                         .operation = operation,
                         .part = "begin",
                         .input = model::format_domain(*live_)});
    if (id_ != id) throw Error(ErrorCode::operation_failed, fmt::format("domain '{}' ended while hooks ran", name_));
}

Task<> Guest::hook_end(std::string operation, DefPtr def) {
    auto* hooks = owner_.hooks();
    if (hooks == nullptr || !def) co_return;
    const auto self = shared_from_this();
    const std::string driver = owner_.hypervisor().folder();
    std::optional<Turns::Aside> aside;
    if (turns_) aside.emplace(turns_->aside(fmt::format("the hook '{} {}'", driver, operation)));
    try {
        co_await hooks->run({.driver = driver,
                             .object = name_,
                             .operation = std::move(operation),
                             .part = "end",
                             .input = model::format_domain(without_process(*def))});
    } catch (const Error& error) {
        log::error("{}", error.message());
    }
}

Task<SavedImage> Guests::filtered(SavedImage image) {
    if (hooks() == nullptr) co_return image;
    const auto before = image.definition;
    const auto text = model::format_domain(*before, {.inactive = true, .secure = true, .migratable = true});
    auto changed = co_await hooks_->filter(
        {.driver = folder_, .object = before->name, .operation = "restore", .part = "begin", .input = text});
    if (changed == text) co_return image;
    auto def = co_await in_pool([changed = std::move(changed)] { return model::parse_domain(changed); });
    image.definition = co_await hypervisor_->complete(std::move(def), Purpose::restore);
    if (image.definition->name != before->name || image.definition->uuid != before->uuid)
        throw Error(ErrorCode::config_unsupported,
                    fmt::format("a hook made another domain of '{}': its name and UUID stay", before->name));
    co_return image;
}

}  // namespace innkeeper::guests
