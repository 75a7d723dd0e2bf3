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
}

Task<> Driver::resume(GuestPtr guest, guests::Running reason) {
    const auto machine = machine_of(guest);
    machine->resuming = reason;
    std::exception_ptr failure;
    try {
        co_await machine->monitor().execute("cont");
    } catch (...) {
        failure = std::current_exception();
    }
    machine->resuming.reset();
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
    json::object arguments;
    arguments["value"] = kib * 1024;
    co_await machine_of(guest)->monitor().execute("balloon", std::move(arguments));
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
