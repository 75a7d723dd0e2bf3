#include "drivers/qemu/driver_devices.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "base/files.h"
#include "drivers/qemu/chains.h"
#include "drivers/qemu/command/command.h"
#include "drivers/qemu/complete/complete.h"
#include "drivers/qemu/configured.h"
#include "drivers/qemu/departure.h"
#include "drivers/qemu/driver.h"
#include "drivers/qemu/preconditions.h"
#include "guests/devices/devices.h"
#include "guests/happening.h"
#include "loop/pool.h"

/// Devices that come to a guest while it runs, and leave it.
namespace innkeeper::qemu {

namespace json = boost::json;
using namespace std::chrono_literals;
using guests::GuestPtr;

namespace {

/// How long a guest's system may take to let go of a device before whoever asked is sent away; it goes all the same.
constexpr auto unplug_limit = 5s;

/// Names that follow from the place in the list are taken by another as soon as one before it has gone.
void name_anew(model::Devices& devices, model::DeviceInfo& info) {
    const std::string word = info.alias.substr(0, info.alias.find_last_not_of("0123456789") + 1);
    unsigned next = 0;
    bool is_taken = false;
    model::for_each_device(devices, [&](auto& device) {
        const auto* other = model::info_of(device);
        if (!other || other == &info || !other->alias.starts_with(word)) return;
        is_taken = is_taken || other->alias == info.alias;
        const std::string number = other->alias.substr(word.size());
        if (!number.empty() && number.size() < 9 && number.find_first_not_of("0123456789") == number.npos)
            next = std::max(next, static_cast<unsigned>(std::stoul(number)) + 1);
    });
    if (is_taken) info.alias = fmt::format("{}{}", word, next);
}

/// The character device's source in the reply of chardev-add: a pseudo terminal has got its name.
void name_terminal(model::Device& device, const std::vector<QmpReply>& replies) {
    std::visit(
        [&](auto& one) {
            if constexpr (requires { one.source.master; }) {
                if (one.source.type != model::ChardevSource::Type::pty) return;
                for (const auto& reply : replies)
                    if (reply && reply->is_object() && reply->get_object().contains("pty"))
                        one.source.path = reply->get_object().at("pty").as_string().c_str();
            }
        },
        device);
}

bool is_chardev(std::string_view element) {
    return element == "serial" || element == "parallel" || element == "console" || element == "channel";
}

}  // namespace

model::DomainDef only_device(const model::DomainDef& def, const model::Device& device) {
    model::DomainDef only = def;
    const auto controllers = std::move(only.devices.controllers);
    const auto graphics = std::move(only.devices.graphics);
    const auto emulator = only.devices.emulator;
    only.devices = {};
    only.devices.emulator = emulator;
    only.devices.graphics = graphics;
    for (const auto& controller : controllers)
        if (const auto* one = std::get_if<model::Controller>(&device); !one || one->info.alias != controller.info.alias)
            only.devices.controllers.push_back(controller);
    guests::put(only.devices, device);
    return only;
}

Task<std::vector<QmpReply>> run_steps(std::shared_ptr<QemuMachine> machine, std::vector<PlugStep> steps) {
    std::vector<QmpCommand> commands;
    for (const auto& step : steps) commands.push_back(step.command);
    auto replies = co_await machine->monitor().batch(std::move(commands));
    const auto failed = std::ranges::find_if(replies, [](const QmpReply& reply) { return !reply; });
    if (failed == replies.end()) co_return replies;
    std::vector<QmpCommand> undo;
    for (std::size_t i = steps.size(); i-- > 0;)
        if (replies[i] && steps[i].undo) undo.push_back(*steps[i].undo);
    // What was refused is told, not how well the rest went.
    if (!undo.empty()) co_await machine->monitor().batch(std::move(undo));
    Qmp::refuse(steps[static_cast<std::size_t>(failed - replies.begin())].command.name, failed->error());
}

Task<std::vector<PlugStep>> Driver::steps_for(GuestPtr guest, model::DomainDef only, std::string element) {
    const auto machine = machine_of(guest);
    auto context = command_context(machine->files, guest->id());
    // A socket's path is QEMU's to open: it cannot be passed to a character device that comes later.
    if (is_chardev(element)) context.purpose = CommandContext::Purpose::native;
    auto words = build_device(only, element, *machine->capabilities, context);
    if (!words.secrets.empty()) {
        const auto key = read_file(machine->files.master_key, 64);
        if (!key) throw Error(ErrorCode::internal_error, "the domain's master key is lost");
        context.secrets = co_await sealed_secrets(std::move(words.secrets), *key);
        words = build_device(only, element, *machine->capabilities, context);
    }
    co_return plug_steps(words.line);
}

Task<> Driver::plug_device(GuestPtr guest, guests::DefPtr wanted, std::string element) {
    const auto machine = machine_of(guest);
    auto named = *wanted;
    assign_aliases(named);
    if (auto* info = guests::last_info(named.devices, element)) name_anew(named.devices, *info);
    auto only = only_device(named, guests::last_of(named.devices, element));
    settle_by_settings(only, settings_, machine->files.directory);
    only = co_await with_volumes(std::move(only));
    const auto needed = Preconditions::of(only);
    only = co_await in_pool([needed, seen = std::move(only)]() mutable {
        needed.check();
        complete_chains(seen);
        return std::move(seen);
    });
    number_new_images(only, *guest->live(), *machine);
    prepare_run(only, command_context(machine->files, guest->id()));
    const auto steps = co_await steps_for(guest, only, element);
    const bool is_locked = machine->locks && guest->condition().state == guests::State::running;
    if (is_locked) {
        auto with = std::make_shared<model::DomainDef>(*guest->live());
        guests::put(with->devices, guests::last_of(only.devices, element));
        co_await machine->locks->acquire(std::move(with));
    }
    std::vector<QmpReply> replies;
    std::exception_ptr failure;
    try {
        replies = co_await run_steps(machine, steps);
    } catch (...) {
        failure = std::current_exception();
    }
    if (failure && is_locked) {
        Scope unhurried;
        co_await machine->locks->keep(guest->live()).under(unhurried);
    }
    if (failure) std::rethrow_exception(failure);

    auto device = guests::last_of(only.devices, element);
    name_terminal(device, replies);
    const std::string alias = guests::last_info(only.devices, element)->alias;
    auto live = std::make_shared<model::DomainDef>(*guest->live());
    guests::put(live->devices, device);
    machine->device_ids.push_back(alias);
    guest->set_live(std::move(live));
    guest->publish(guests::happening::DeviceAdded{.alias = alias});
}

Task<> Driver::unplug_device(GuestPtr guest, std::string alias) {
    const auto machine = machine_of(guest);
    const auto live = guest->live();
    const auto device = guests::find_by_alias(live->devices, alias);
    const auto steps = co_await steps_for(guest, only_device(*live, device), std::string(model::tag_of(device)));
    machine->leftovers[alias] = leftovers(steps);

    Departure departure(machine, alias);
    std::exception_ptr failure;
    try {
        co_await machine->monitor().execute("device_del", {{"id", alias}});
    } catch (const Error&) {
        failure = std::current_exception();
    }
    if (failure) {
        machine->leftovers.erase(alias);
        std::rethrow_exception(failure);
    }
    try {
        co_await within(unplug_limit, "the end of a device", departure.wait());
    } catch (const Error&) {
        // It was asked to go: whether and when it does is up to the guest, and is told by an event.
    }
    if (departure.is_refused()) throw Error(ErrorCode::operation_failed, "unplug of device was rejected by the guest");
}

}  // namespace innkeeper::qemu
