#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <string_view>
#include <unordered_map>

#include "base/error.h"
#include "base/log.h"
#include "drivers/qemu/machine.h"
#include "guests/devices/devices.h"
#include "guests/happening.h"
#include "model/domain/domain.h"

/// What QEMU says unasked, and what follows from it.
namespace innkeeper::qemu {

namespace json = boost::json;
namespace happening = guests::happening;
using guests::Guest;
using guests::Paused;
using guests::Running;

namespace {

std::string text(const json::object& data, std::string_view key) {
    const json::value* value = data.if_contains(key);
    return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}
bool flag(const json::object& data, std::string_view key) {
    const json::value* value = data.if_contains(key);
    return value != nullptr && value->is_bool() && value->get_bool();
}
std::int64_t number(const json::object& data, std::string_view key) {
    const json::value* value = data.if_contains(key);
    return value != nullptr && value->is_int64() ? value->get_int64() : 0;
}

/// "/machine/peripheral/net0" and "net0" both name net0.
std::string alias_of(const std::string& path) { return path.substr(path.rfind('/') + 1); }

const model::Disk* disk_of(const model::DomainDef& def, const std::string& alias) {
    for (const auto& disk : def.devices.disks)
        if (!alias.empty() && disk.info.alias == alias) return &disk;
    return nullptr;
}

std::int32_t watchdog_action(std::string_view word) {
    constexpr std::string_view words[] = {"none", "pause", "reset", "poweroff", "shutdown", "debug", "inject-nmi"};
    for (std::size_t i = 0; i < std::size(words); ++i)
        if (words[i] == word) return static_cast<std::int32_t>(i);
    return 0;
}

}  // namespace

void QemuMachine::happened(const QmpEvent& event) {
    const auto guest = guest_.lock();
    if (!guest || silent_ || guest->machine.get() != this) return;
    const auto& data = event.data;
    guest->publish(happening::MonitorEvent{.event = event.name,
                                           .seconds = event.seconds,
                                           .micros = event.micros,
                                           .details = data.empty() ? std::string() : json::serialize(data)});
    const std::string_view name = event.name;
    if (name == "STOP") {
        guest->paused(pausing.value_or(pause_cause_));
        pause_cause_ = Paused::unknown;
        // Who stands still needs no locks; whoever has it stopped waits for that.
        if (locks && !pausing) tasks.spawn(locks->release());
    } else if (name == "RESUME") {
        guest->running(resuming.value_or(Running::unpaused));
    } else if (name == "SHUTDOWN") {
        shutdown(*guest, event);
    } else if (name == "RESET") {
        guest->rebooted();
    } else if (name == "GUEST_PANICKED") {
        panicked(*guest, event);
    } else if (name == "BLOCK_IO_ERROR") {
        io_error(*guest, event);
    } else if (name == "WATCHDOG") {
        const auto action = watchdog_action(text(data, "action"));
        if (action == watchdog_action("pause")) pause_cause_ = Paused::watchdog;
        guest->publish(happening::Watchdog{.action = action});
    } else if (name == "RTC_CHANGE") {
        guest->publish(happening::RtcChange{.offset = number(data, "offset")});
    } else if (name == "BALLOON_CHANGE") {
        guest->set_balloon(static_cast<std::uint64_t>(number(data, "actual")) / 1024);
    } else if (name == "DEVICE_DELETED") {
        if (const auto alias = text(data, "device"); !alias.empty()) device_gone(*guest, alias);
    } else if (name == "DEVICE_UNPLUG_GUEST_ERROR") {
        const auto alias = text(data, "device");
        leftovers.erase(alias);
        if (on_departure) on_departure(alias, false);
        guest->publish(happening::DeviceRemovalFailed{.alias = alias});
    } else if (name == "DEVICE_TRAY_MOVED") {
        guest->publish(
            happening::TrayChange{.alias = alias_of(text(data, "id")), .reason = flag(data, "tray-open") ? 0 : 1});
    } else if (name == "SUSPEND") {
        guest->suspended_by_itself();
    } else if (name == "SUSPEND_DISK") {
        guest->publish(happening::PmSuspendDisk{});
    } else if (name == "WAKEUP") {
        guest->woke_up();
    } else if (name == "VSERPORT_CHANGE") {
        port_changed(*guest, event);
    } else if (name == "VNC_CONNECTED" || name == "VNC_INITIALIZED" || name == "VNC_DISCONNECTED") {
        graphics(*guest, event, name == "VNC_CONNECTED" ? 0 : name == "VNC_INITIALIZED" ? 1 : 2);
    } else if (name == "JOB_STATUS_CHANGE") {
        if (const auto job = on_job.find(text(data, "id")); job != on_job.end()) job->second(text(data, "status"));
    } else if (name == "MIGRATION") {
        if (on_migration) on_migration(text(data, "status"));
    }
}

/// Whenever it goes: at once, after a guest took its time, or because the guest wanted it.
void QemuMachine::device_gone(Guest& guest, const std::string& alias) {
    std::erase(device_ids, alias);
    guest.device_left(alias);
    if (const auto live = guest.live()) {
        auto without = std::make_shared<model::DomainDef>(*live);
        if (guests::erase_alias(without->devices, alias)) guest.set_live(std::move(without));
        if (locks) tasks.spawn(locks->keep(guest.live()));
    }
    if (auto left = leftovers.extract(alias)) tasks.spawn(take_back(std::move(left.mapped())));
    if (on_departure) on_departure(alias, true);
    guest.publish(happening::DeviceRemoved{.alias = alias});
}

Task<> QemuMachine::take_back(std::vector<QmpCommand> commands) {
    const auto self = shared_from_this();
    try {
        for (const auto& reply : co_await monitor().batch(std::move(commands)))
            if (!reply) log::warning("domain '{}': what a device left behind stays: {}", name_, reply.error().text);
    } catch (const Error& error) {
        log::warning("domain '{}': what a device left behind stays: {}", name_, error.message());
    }
}

/// It powered off: QEMU waits, stopped, for what we want of it.
void QemuMachine::shutdown(Guest& guest, const QmpEvent& event) {
    end_ = guests::Shutoff::shutdown;
    const auto live = guest.live();
    const bool again = fake_reboot || (live && live->on_poweroff == model::LifecycleAction::restart);
    // The end of QEMU itself, by a signal, is also told as a power-off; then there is nothing to boot again.
    const auto reason = text(event.data, "reason");
    if (again && reason != "host-signal" && reason != "host-qmp-quit") {
        fake_reboot = false;
        tasks.spawn(boot_again());
        return;
    }
    guest.shutting_down(flag(event.data, "guest") ? guests::Shutdown::guest : guests::Shutdown::host);
    if (!starting) kill(Manner::firmly);
}

Task<> QemuMachine::boot_again() {
    const auto self = shared_from_this();
    const auto guest = guest_.lock();
    if (!guest) co_return;
    try {
        const auto turn = co_await guest->turn("reboot");
        if (locks) co_await locks->acquire(guest->live());
        std::vector<QmpCommand> commands;
        commands.push_back({.name = "system_reset", .arguments = {}});
        commands.push_back({.name = "cont", .arguments = {}});
        resuming = Running::booted;
        const auto replies = co_await monitor().batch(std::move(commands));
        resuming.reset();
        if (!replies.back()) Qmp::refuse("cont", replies.back().error());
        end_ = guests::Shutoff::crashed;
        guest->running(Running::booted);
        co_return;
    } catch (const Error& error) {
        log::error("domain '{}' cannot be booted again: {}", name_, error.message());
    }
    kill(Manner::firmly);
}

void QemuMachine::panicked(Guest& guest, const QmpEvent& event) {
    guest.panicked();
    if (log) log->note("panic " + json::serialize(event.data));
    end_ = guests::Shutoff::crashed;
    using enum model::LifecycleAction;
    const auto live = guest.live();
    switch (live ? live->on_crash : destroy) {
        case preserve:
            return;
        case restart:
        case rename_restart:
        case coredump_restart:
            tasks.spawn(boot_again());
            return;
        case destroy:
        case coredump_destroy:
            kill(Manner::firmly);
            return;
    }
}

void QemuMachine::io_error(Guest& guest, const QmpEvent& event) {
    const auto live = guest.live();
    const auto action = text(event.data, "action");
    if (action == "stop") pause_cause_ = Paused::io_error;
    std::string alias = alias_of(text(event.data, "qom-path"));
    if (alias == "virtio-backend") {
        const auto path = text(event.data, "qom-path");
        alias = alias_of(path.substr(0, path.rfind('/')));
    }
    if (alias.empty()) alias = text(event.data, "device");
    const auto* disk = live ? disk_of(*live, alias) : nullptr;
    guest.publish(happening::IoError{.path = disk != nullptr ? disk->source.path : std::string(),
                                     .alias = alias,
                                     .action = action == "stop"     ? 1
                                               : action == "report" ? 2
                                                                    : 0,
                                     .reason = flag(event.data, "nospace") ? "enospc" : ""});
}

/// Somebody in the guest opened or closed the other end of a channel.
void QemuMachine::port_changed(Guest& guest, const QmpEvent& event) {
    const auto live = guest.live();
    if (!live) return;
    const auto alias = text(event.data, "id");
    const bool open = flag(event.data, "open");
    auto changed = std::make_shared<model::DomainDef>(*live);
    for (auto& channel : changed->devices.channels) {
        if (channel.info.alias != alias || alias.empty()) continue;
        const auto state = open ? model::Channel::State::connected : model::Channel::State::disconnected;
        if (channel.state == state) return;
        channel.state = state;
        const bool is_agent = channel.name == "org.qemu.guest_agent.0";
        guest.set_live(std::move(changed));
        if (is_agent) guest.publish(happening::AgentLifecycle{.state = open ? 1 : 2, .reason = 2});
        return;
    }
}

void QemuMachine::graphics(Guest& guest, const QmpEvent& event, int phase) {
    const auto address = [&](std::string_view key) {
        happening::Graphics::Address result;
        const json::value* value = event.data.if_contains(key);
        if (value == nullptr || !value->is_object()) return result;
        const auto family = text(value->get_object(), "family");
        result.family = family == "ipv6" ? 1 : family == "unix" ? 2 : 0;
        result.node = text(value->get_object(), "host");
        result.service = text(value->get_object(), "service");
        return result;
    };
    happening::Graphics told;
    told.phase = phase;
    told.local = address("server");
    told.remote = address("client");
    if (const json::value* server = event.data.if_contains("server"); server != nullptr && server->is_object())
        told.auth_scheme = text(server->get_object(), "auth");
    guest.publish(told);
}

}  // namespace innkeeper::qemu
