#include <fmt/format.h>
#include <sched.h>

#include <algorithm>
#include <array>
#include <boost/json/array.hpp>
#include <tuple>

#include "base/error.h"
#include "drivers/qemu/departure.h"
#include "drivers/qemu/driver.h"
#include "drivers/qemu/machine.h"
#include "loop/group.h"
#include "model/domain/domain.h"

/// A guest's threads: virtual processors that come and go, threads that serve disks, and where they run.
namespace innkeeper::qemu {

namespace json = boost::json;
using namespace std::chrono_literals;
using guests::GuestPtr;

namespace {

/// How long a guest's system may take to let go of a processor.
constexpr auto unplug_limit = 5s;

/// Nobody waits for the answer of a guest that hangs.
constexpr auto question_limit = 3s;

std::string text(const json::object& object, std::string_view key) {
    const json::value* value = object.if_contains(key);
    return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}
std::int64_t number(const json::object& object, std::string_view key) {
    const json::value* value = object.if_contains(key);
    return value != nullptr && value->is_int64() ? value->get_int64() : 0;
}

/// A place for a virtual processor, as query-hotpluggable-cpus tells.
struct Slot {
    std::string type, path;  ///< the path is empty while nothing is in it
    json::object place;      ///< its coordinates
};

/// In the order of the processors' numbers.
std::vector<Slot> slots_of(const json::value& reply) {
    std::vector<Slot> slots;
    if (!reply.is_array()) return slots;
    for (const auto& item : reply.get_array()) {
        if (!item.is_object()) continue;
        Slot slot{.type = text(item.get_object(), "type"), .path = text(item.get_object(), "qom-path"), .place = {}};
        if (const json::value* place = item.get_object().if_contains("props"); place != nullptr && place->is_object())
            slot.place = place->get_object();
        slots.push_back(std::move(slot));
    }
    std::ranges::sort(slots, {}, [](const Slot& slot) {
        return std::tuple(number(slot.place, "socket-id"), number(slot.place, "die-id"), number(slot.place, "core-id"),
                          number(slot.place, "thread-id"));
    });
    return slots;
}

void pin(pid_t thread, const std::vector<unsigned>& cpus) {
    const auto highest = cpus.empty() ? 0U : cpus.back();
    const std::size_t size = CPU_ALLOC_SIZE(highest + 1);
    cpu_set_t* set = CPU_ALLOC(highest + 1);
    CPU_ZERO_S(size, set);
    for (const unsigned cpu : cpus) CPU_SET_S(cpu, size, set);
    const int failed = ::sched_setaffinity(thread, size, set);
    const int why = errno;
    CPU_FREE(set);
    if (failed != 0) throw Error::system(why, fmt::format("cannot set CPU affinity on process {}", thread));
}

std::string iothread_name(unsigned id) { return fmt::format("iothread{}", id); }

}  // namespace

/// Before the first instruction: each thread to where its definition wants it, or else to where all of them belong.
Task<> Driver::pin_all(GuestPtr guest, std::shared_ptr<QemuMachine> machine) {
    const auto def = guest->live();
    const auto& tune = def->cpu_tune;
    const auto wanted = [&](const std::vector<model::Pin>& pins, unsigned id) {
        for (const auto& one : pins)
            if (one.id == id) return std::optional(one.cpuset);
        return def->vcpus.cpuset;
    };
    if (const auto& cpus = tune.emulator_pin ? tune.emulator_pin : def->vcpus.cpuset)
        pin_emulator(*guest, cpus->numbers());
    for (unsigned vcpu = 0; vcpu < machine->vcpu_threads.size(); ++vcpu)
        if (const auto cpus = wanted(tune.vcpu_pins, vcpu)) pin_vcpu(*guest, vcpu, cpus->numbers());
    if (tune.iothread_pins.empty() && !def->vcpus.cpuset) co_return;
    for (const auto& thread : co_await iothreads(guest))
        if (const auto cpus = wanted(tune.iothread_pins, thread.id)) pin(thread.thread, cpus->numbers());
}

Task<> Driver::plug_vcpu(GuestPtr guest, unsigned vcpu) {
    const auto machine = machine_of(guest);
    const auto slots = slots_of(co_await machine->monitor().execute("query-hotpluggable-cpus"));
    if (vcpu >= slots.size())
        throw Error(ErrorCode::operation_unsupported,
                    fmt::format("target vm vcpu granularity does not allow the desired vcpu count"));
    json::object arguments = slots[vcpu].place;
    arguments["driver"] = slots[vcpu].type;
    arguments["id"] = fmt::format("vcpu{}", vcpu);
    co_await machine->monitor().execute("device_add", std::move(arguments));
    machine->device_ids.push_back(fmt::format("vcpu{}", vcpu));
    co_await refresh_vcpus(machine);
}

Task<> Driver::unplug_vcpu(GuestPtr guest, unsigned vcpu) {
    const auto machine = machine_of(guest);
    const std::string device = fmt::format("vcpu{}", vcpu);
    Departure departure(machine, device);
    json::object arguments;
    arguments["id"] = device;
    co_await machine->monitor().execute("device_del", std::move(arguments));
    try {
        co_await within(unplug_limit, "the end of a virtual processor", departure.wait());
    } catch (const Cancelled&) {
        throw;
    } catch (const Error&) {
        throw Error(ErrorCode::operation_timeout,
                    "vcpu unplug request timed out. Unplug result must be manually inspected in the domain");
    }
    co_await refresh_vcpus(machine);
}

Task<> Driver::refresh_vcpus(std::shared_ptr<QemuMachine> machine) {
    const auto reply = co_await machine->monitor().execute("query-cpus-fast");
    std::vector<pid_t> threads;
    if (reply.is_array())
        for (const auto& item : reply.get_array())
            if (item.is_object()) threads.push_back(static_cast<pid_t>(number(item.get_object(), "thread-id")));
    machine->vcpu_threads = std::move(threads);
}

void Driver::pin_vcpu(const guests::Guest& guest, unsigned vcpu, const std::vector<unsigned>& cpus) {
    const auto machine = guest.machine_as<QemuMachine>();
    if (!machine || vcpu >= machine->vcpu_threads.size() || machine->vcpu_threads[vcpu] <= 0)
        throw Error(ErrorCode::operation_invalid, fmt::format("vcpu {} is not active", vcpu));
    pin(machine->vcpu_threads[vcpu], cpus);
}

void Driver::pin_emulator(const guests::Guest& guest, const std::vector<unsigned>& cpus) {
    if (guest.pid() <= 0) throw Error(ErrorCode::operation_invalid, "domain is not running");
    pin(guest.pid(), cpus);
}

Task<> Driver::pin_iothread(GuestPtr guest, unsigned id, std::vector<unsigned> cpus) {
    for (const auto& thread : co_await iothreads(guest))
        if (thread.id == id) {
            pin(thread.thread, cpus);
            co_return;
        }
    throw Error(ErrorCode::invalid_arg, fmt::format("iothread {} not found", id));
}

Task<> Driver::add_iothread(GuestPtr guest, unsigned id) {
    json::object arguments;
    arguments["qom-type"] = "iothread";
    arguments["id"] = iothread_name(id);
    co_await machine_of(guest)->monitor().execute("object-add", std::move(arguments));
}

Task<> Driver::remove_iothread(GuestPtr guest, unsigned id) {
    json::object arguments;
    arguments["id"] = iothread_name(id);
    co_await machine_of(guest)->monitor().execute("object-del", std::move(arguments));
}

Task<> Driver::tune_iothread(GuestPtr guest, unsigned id, guests::IothreadTuning tuning) {
    std::vector<QmpCommand> commands;
    const auto set = [&](std::string_view property, const auto& value) {
        if (!value) return;
        json::object arguments;
        arguments["path"] = "/objects/" + iothread_name(id);
        arguments["property"] = property;
        arguments["value"] = *value;
        commands.push_back({.name = "qom-set", .arguments = std::move(arguments)});
    };
    set("poll-max-ns", tuning.poll_max_ns);
    set("poll-grow", tuning.poll_grow);
    set("poll-shrink", tuning.poll_shrink);
    // The larger bound first where both move up: QEMU refuses a smallest pool beyond the largest at any instant.
    set("thread-pool-max", tuning.pool_max);
    set("thread-pool-min", tuning.pool_min);
    for (const auto& reply : co_await machine_of(guest)->monitor().batch(std::move(commands)))
        if (!reply) Qmp::refuse("qom-set", reply.error());
}

Task<std::vector<guests::IothreadUsage>> Driver::iothreads(GuestPtr guest) {
    const auto reply = co_await machine_of(guest)->monitor().execute("query-iothreads", {}, question_limit);
    std::vector<guests::IothreadUsage> threads;
    if (!reply.is_array()) co_return threads;
    for (const auto& item : reply.get_array()) {
        if (!item.is_object()) continue;
        const auto& thread = item.get_object();
        const std::string name = text(thread, "id");
        constexpr std::string_view prefix = "iothread";
        if (!name.starts_with(prefix)) continue;
        threads.push_back({.id = static_cast<unsigned>(std::strtoul(name.c_str() + prefix.size(), nullptr, 10)),
                           .thread = static_cast<pid_t>(number(thread, "thread-id")),
                           .poll_max_ns = static_cast<std::uint64_t>(number(thread, "poll-max-ns")),
                           .poll_grow = static_cast<std::uint32_t>(number(thread, "poll-grow")),
                           .poll_shrink = static_cast<std::uint32_t>(number(thread, "poll-shrink"))});
    }
    co_return threads;
}

}  // namespace innkeeper::qemu
