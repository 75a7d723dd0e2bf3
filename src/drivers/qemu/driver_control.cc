#include <fmt/format.h>
#include <signal.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "base/error.h"
#include "drivers/qemu/driver.h"
#include "drivers/qemu/keys.h"
#include "drivers/qemu/machine.h"
#include "loop/loop.h"
#include "model/domain/domain.h"

/// What is asked of a guest that runs.
namespace innkeeper::qemu {

namespace json = boost::json;
using namespace std::chrono_literals;
using guests::GuestPtr;
using guests::Way;

namespace {

/// SIGTERM lets QEMU close its images; after this long a graceful end has failed.
constexpr auto graceful_limit = 15s;

const model::Channel* agent_of(const guests::Guest& guest) {
    const auto live = guest.live();
    if (!live) return nullptr;
    for (const auto& channel : live->devices.channels)
        if (channel.name == "org.qemu.guest_agent.0") return &channel;
    return nullptr;
}

[[noreturn]] void refuse_agent(const guests::Guest& guest) {
    if (agent_of(guest) == nullptr) throw Error(ErrorCode::argument_unsupported, "QEMU guest agent is not configured");
    throw Error(ErrorCode::agent_unresponsive, "QEMU guest agent is not connected");
}

/// The first way that can be gone. Throws what is wrong with the last one.
Way choose(const guests::Guest& guest, const std::vector<Way>& ways) {
    for (const auto way : ways)
        if (way == Way::acpi) return way;
    if (!ways.empty()) refuse_agent(guest);
    return Way::acpi;
}

}  // namespace

std::shared_ptr<QemuMachine> Driver::machine_of(const GuestPtr& guest) const {
    auto machine = guest->machine_as<QemuMachine>();
    if (!machine || machine->exited.is_set()) throw Error(ErrorCode::operation_invalid, "domain is not running");
    return machine;
}

Task<> Driver::destroy(GuestPtr guest, Destroy how) {
    const auto machine = guest->machine_as<QemuMachine>();
    if (!machine || !machine->process) co_return;
    const auto manner = how == Destroy::gracefully ? QemuMachine::Manner::gracefully : QemuMachine::Manner::firmly;
    machine->kill(manner);
    if (how == Destroy::now) {
        co_await machine->gone.wait();
        co_return;
    }
    bool late = false;
    try {
        co_await within(graceful_limit, "the end of QEMU", machine->gone.wait());
    } catch (const Error&) {
        late = true;
    }
    if (late)
        throw Error(ErrorCode::system_error,
                    fmt::format("Failed to terminate process {} with SIGTERM: Device or resource busy",
                                machine->process->pid()));
}

Task<> Driver::shutdown(GuestPtr guest, std::vector<Way> ways) {
    const auto machine = machine_of(guest);
    choose(*guest, ways);
    machine->fake_reboot = false;
    co_await machine->monitor().execute("system_powerdown");
}

Task<> Driver::reboot(GuestPtr guest, std::vector<Way> ways) {
    const auto machine = machine_of(guest);
    choose(*guest, ways);
    // The firmware knows no request to reboot: it is asked to power off, and then it boots again.
    machine->fake_reboot = true;
    std::exception_ptr failure;
    try {
        co_await machine->monitor().execute("system_powerdown");
    } catch (...) {
        failure = std::current_exception();
        machine->fake_reboot = false;
    }
    if (failure) std::rethrow_exception(failure);
}

Task<> Driver::reset(GuestPtr guest) {
    const auto machine = machine_of(guest);
    machine->fake_reboot = false;
    co_await machine->monitor().execute("system_reset");
}

Task<> Driver::suspend(GuestPtr guest, guests::Paused reason) {
    const auto machine = machine_of(guest);
    machine->pausing = reason;
    std::exception_ptr failure;
    try {
        co_await machine->monitor().execute("stop");
    } catch (...) {
        failure = std::current_exception();
    }
    machine->pausing.reset();
    if (failure) std::rethrow_exception(failure);
    guest->paused(reason);
    if (machine->locks) co_await machine->locks->release();
}

Task<> Driver::resume(GuestPtr guest, guests::Running reason) {
    const auto machine = machine_of(guest);
    if (machine->locks) co_await machine->locks->acquire(guest->live());
    machine->resuming = reason;
    std::exception_ptr failure;
    try {
        co_await machine->monitor().execute("cont");
    } catch (...) {
        failure = std::current_exception();
    }
    machine->resuming.reset();
    if (failure && machine->locks) co_await machine->locks->release();
    if (failure) std::rethrow_exception(failure);
    guest->running(reason);
}

Task<> Driver::inject_nmi(GuestPtr guest) { co_await machine_of(guest)->monitor().execute("inject-nmi"); }

Task<> Driver::send_key(GuestPtr guest, std::uint32_t codeset, std::chrono::milliseconds hold,
                        std::vector<std::uint32_t> keycodes) {
    const auto machine = machine_of(guest);
    json::array keys;
    for (const auto code : keycodes) {
        const auto number = qemu_key(codeset, code);
        if (!number)
            throw Error(
                ErrorCode::internal_error,
                fmt::format("cannot translate keycode {} of {} codeset to qnum keycode", code, codeset_name(codeset)));
        keys.push_back({{"type", "number"}, {"data", *number}});
    }
    json::object arguments;
    arguments["keys"] = std::move(keys);
    if (hold.count() > 0) arguments["hold-time"] = hold.count();
    co_await machine->monitor().execute("send-key", std::move(arguments));
}

Task<> Driver::pm_suspend(GuestPtr guest, std::uint32_t, std::chrono::seconds) {
    machine_of(guest);
    refuse_agent(*guest);
    co_return;
}

Task<> Driver::pm_wakeup(GuestPtr guest) { co_await machine_of(guest)->monitor().execute("system_wakeup"); }

Task<> Driver::set_lifecycle_action(GuestPtr guest, Occasion occasion, std::uint32_t action) {
    const auto machine = machine_of(guest);
    if (occasion != Occasion::reboot || !machine->capabilities->has_command("set-action")) co_return;
    const bool restarts = static_cast<model::LifecycleAction>(action) == model::LifecycleAction::restart;
    json::object arguments;
    arguments["reboot"] = restarts ? "reset" : "shutdown";
    co_await machine->monitor().execute("set-action", std::move(arguments));
}

Task<> Driver::set_memory(GuestPtr guest, std::uint64_t kib) {
    const auto& balloon = guest->live()->devices.memballoon;
    if (!balloon || balloon->model == model::Memballoon::Model::none)
        throw Error(ErrorCode::operation_invalid,
                    "Unable to change memory of active domain without the balloon device and guest OS balloon driver");
    json::object arguments;
    arguments["value"] = kib * 1024;
    co_await machine_of(guest)->monitor().execute("balloon", std::move(arguments));
}

namespace {

std::string balloon_path(const guests::Guest& guest) {
    const auto& balloon = guest.live()->devices.memballoon;
    if (!balloon || balloon->model == model::Memballoon::Model::none || balloon->info.alias.empty())
        throw Error(ErrorCode::operation_invalid, "Memory balloon model must be virtio to set the collection period");
    return "/machine/peripheral/" + balloon->info.alias;
}

/// A question must not wait for a guest that hangs.
constexpr auto question_limit = 1s;

/// QEMU's name, the number of virDomainMemoryStatTags, and how many bytes make one of what clients get.
struct BalloonFigure {
    std::string_view name;
    int tag;
    std::uint64_t unit;
};
constexpr BalloonFigure balloon_figures[] = {{"stat-swap-in", 0, 1024},          {"stat-swap-out", 1, 1024},
                                             {"stat-major-faults", 2, 1},        {"stat-minor-faults", 3, 1},
                                             {"stat-free-memory", 4, 1024},      {"stat-total-memory", 5, 1024},
                                             {"stat-available-memory", 8, 1024}, {"stat-disk-caches", 10, 1024},
                                             {"stat-htlb-pgalloc", 11, 1},       {"stat-htlb-pgfail", 12, 1}};

}  // namespace

Task<> Driver::set_stats_period(GuestPtr guest, std::chrono::seconds period) {
    json::object arguments;
    arguments["path"] = balloon_path(*guest);
    arguments["property"] = "guest-stats-polling-interval";
    arguments["value"] = period.count();
    co_await machine_of(guest)->monitor().execute("qom-set", std::move(arguments));
}

Task<std::vector<guests::MemoryFigure>> Driver::memory_figures(GuestPtr guest) {
    std::vector<guests::MemoryFigure> figures;
    const auto machine = machine_of(guest);
    try {
        json::object arguments;
        arguments["path"] = balloon_path(*guest);
        arguments["property"] = "guest-stats";
        const auto reply = co_await machine->monitor().execute("qom-get", std::move(arguments), question_limit);
        const auto& all = reply.as_object();
        const auto& stats = all.at("stats").as_object();
        for (const auto& figure : balloon_figures) {
            const json::value* value = stats.if_contains(figure.name);
            // What the guest does not tell is all ones.
            if (value == nullptr || !value->is_number()) continue;
            boost::system::error_code failed;
            const auto number = value->to_number<std::uint64_t>(failed);
            if (!failed && number != ~0ULL) figures.push_back({figure.tag, number / figure.unit});
        }
        if (const json::value* when = all.if_contains("last-update"); when != nullptr && when->is_int64())
            figures.push_back({9, static_cast<std::uint64_t>(when->get_int64())});
    } catch (const Cancelled&) {
        throw;
    } catch (const std::exception&) {
        // A guest without a balloon, or one that hangs: what the host knows must do.
    }
    co_return figures;
}

Task<std::string> Driver::monitor_command(GuestPtr guest, std::string command, bool human) {
    const auto machine = machine_of(guest);
    guest->taint("custom-monitor");
    if (human) {
        json::object arguments;
        arguments["command-line"] = command;
        const auto reply = co_await machine->monitor().execute("human-monitor-command", std::move(arguments));
        co_return reply.is_string() ? std::string(reply.get_string()) : std::string();
    }
    // What is no JSON object is taken for a command's name, as the peer does.
    QmpCommand request;
    boost::system::error_code failed;
    auto parsed = json::parse(command, failed);
    if (failed || !parsed.is_object()) {
        request.name = command;
    } else {
        auto& object = parsed.get_object();
        if (const json::value* name = object.if_contains("execute"); name != nullptr && name->is_string())
            request.name = name->get_string();
        if (json::value* arguments = object.if_contains("arguments"); arguments != nullptr && arguments->is_object())
            request.arguments = std::move(arguments->get_object());
    }
    std::vector<QmpCommand> only;
    only.push_back(std::move(request));
    auto replies = co_await machine->monitor().batch(std::move(only));
    json::object answer;
    const std::string id = fmt::format("libvirt-{}", ++machine->custom_commands);
    if (replies.front()) {
        answer["return"] = std::move(*replies.front());
        answer["id"] = id;
    } else {
        answer["id"] = id;
        answer["error"] = json::object{{"class", replies.front().error().kind}, {"desc", replies.front().error().text}};
    }
    co_return json::serialize(answer);
}

Task<std::string> Driver::agent_command(GuestPtr guest, std::string, int) {
    machine_of(guest);
    refuse_agent(*guest);
    co_return std::string();
}

}  // namespace innkeeper::qemu
