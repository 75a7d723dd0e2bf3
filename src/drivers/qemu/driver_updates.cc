#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "base/log.h"
#include "drivers/qemu/chains.h"
#include "drivers/qemu/command/command.h"
#include "drivers/qemu/driver.h"
#include "drivers/qemu/driver_devices.h"
#include "drivers/qemu/preconditions.h"
#include "drivers/qemu/status_parts.h"
#include "guests/devices/devices.h"
#include "loop/loop.h"
#include "loop/pool.h"

/// Devices of a running guest that become others: a drive's medium, a card's link, a screen's password.
namespace innkeeper::qemu {

namespace json = boost::json;
using guests::GuestPtr;

namespace {

PlugStep step(std::string name, json::object arguments, std::optional<QmpCommand> undo = {}) {
    return {.command = {.name = std::move(name), .arguments = std::move(arguments)}, .undo = std::move(undo)};
}

/// The node that a disk's device is connected to: empty for an empty drive.
std::string drive_of(const std::vector<PlugStep>& steps) {
    for (const auto& one : steps)
        if (one.is_device() && one.command.arguments.contains("drive"))
            return one.command.arguments.at("drive").as_string().c_str();
    return {};
}

/// From the old medium to the new one. Taken back from any step: with the old medium in and the tray closed.
std::vector<PlugStep> medium_steps(const std::string& alias, const std::vector<PlugStep>& old_one,
                                   const std::vector<PlugStep>& new_one, bool force) {
    const QmpCommand close{.name = "blockdev-close-tray", .arguments = {{"id", alias}}};
    std::vector<PlugStep> steps{step("blockdev-open-tray", {{"id", alias}, {"force", force}}, close)};
    if (const auto node = drive_of(old_one); !node.empty())
        steps.push_back(
            step("blockdev-remove-medium", {{"id", alias}},
                 QmpCommand{.name = "blockdev-insert-medium", .arguments = {{"id", alias}, {"node-name", node}}}));
    for (const auto& one : new_one)
        if (!one.is_device()) steps.push_back(one);
    if (const auto node = drive_of(new_one); !node.empty())
        steps.push_back(step("blockdev-insert-medium", {{"id", alias}, {"node-name", node}}));
    steps.push_back({.command = close, .undo = {}});
    return steps;
}

/// A guest may have locked its tray: QEMU then asks it to let go. And firmware that resets the drive closes it. So the
/// exchange is tried for as long as the peer waits for a tray.
Task<> exchange_medium(std::shared_ptr<QemuMachine> machine, std::vector<PlugStep> steps) {
    using namespace std::chrono_literals;
    constexpr int times = 10;
    for (int i = 1;; ++i) {
        std::optional<Error> failed;
        try {
            co_await run_steps(machine, steps);
        } catch (const Error& error) {
            failed = error;
        }
        if (!failed) co_return;
        if (i == times || !failed->message().contains("is not open")) throw Error(*failed);
        co_await sleep_for(500ms);
    }
}

}  // namespace

void number_new_images(model::DomainDef& only, const model::DomainDef& live, QemuMachine& machine) {
    if (only.devices.disks.empty()) return;
    machine.last_image = std::max(machine.last_image, last_image(live));
    only.devices.disks.front().source.index = machine.last_image + 1;
    number_images(only);
    machine.last_image = last_image(only);
}

Task<> Driver::correct_locks(GuestPtr guest, std::shared_ptr<QemuMachine> machine) {
    if (!machine->locks || guest->condition().state != guests::State::running) co_return;
    try {
        co_await machine->locks->acquire(guest->live());
        co_await machine->locks->keep(guest->live());
    } catch (const Error& error) {
        log::warning("domain '{}' goes on without a lock: {}", guest->name(), error.message());
    }
}

Task<> Driver::change_medium(GuestPtr guest, model::Disk old, model::DomainDef only, bool force) {
    const auto machine = machine_of(guest);
    const auto needed = Preconditions::of(only);
    only = co_await in_pool([needed, seen = std::move(only)]() mutable {
        needed.check();
        complete_chains(seen);
        return std::move(seen);
    });
    number_new_images(only, *guest->live(), *machine);
    const std::string format = only.devices.disks.front().source.format;
    prepare_run(only, command_context(machine->files, guest->id()));
    const auto old_steps = co_await steps_for(guest, only_device(*guest->live(), old), "disk");
    const auto new_steps = co_await steps_for(guest, only, "disk");
    co_await exchange_medium(machine, medium_steps(old.info.alias, old_steps, new_steps, force));
    const auto left = leftovers(old_steps);
    if (!left.empty()) co_await machine->monitor().batch(left);

    auto live = std::make_shared<model::DomainDef>(*guest->live());
    for (auto& disk : live->devices.disks)
        if (disk.info.alias == old.info.alias) {
            disk = only.devices.disks.front();
            disk.source.format = format;
        }
    guest->set_live(std::move(live));
    co_await correct_locks(guest, machine);
}

Task<> Driver::update_device(GuestPtr guest, guests::DefPtr wanted, std::string alias, bool force) {
    const auto machine = machine_of(guest);
    const auto before = guest->live();
    for (const auto& disk : wanted->devices.disks) {
        if (disk.info.alias != alias) continue;
        const auto old = guests::find_by_alias(before->devices, alias);
        co_return co_await change_medium(guest, std::get<model::Disk>(old), only_device(*wanted, disk), force);
    }
    for (const auto& card : wanted->devices.interfaces) {
        if (card.info.alias != alias) continue;
        const bool is_up = card.link_state != model::Interface::LinkState::down;
        co_await machine->monitor().execute("set_link", {{"name", alias}, {"up", is_up}});
        auto live = std::make_shared<model::DomainDef>(*guest->live());
        for (auto& one : live->devices.interfaces)
            if (one.info.alias == alias) one = card;
        co_return guest->set_live(std::move(live));
    }
    // Screens have no names; they neither come nor go.
    for (std::size_t i = 0; i < wanted->devices.graphics.size(); ++i) {
        const auto& graphics = wanted->devices.graphics[i];
        if (graphics == before->devices.graphics[i]) continue;
        auto command = password_command(graphics);
        co_await machine->monitor().execute(command.name, std::move(command.arguments));
        auto live = std::make_shared<model::DomainDef>(*guest->live());
        live->devices.graphics[i] = graphics;
        guest->set_live(std::move(live));
    }
}

}  // namespace innkeeper::qemu
