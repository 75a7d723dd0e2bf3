#include <fmt/format.h>
#include <signal.h>

#include <charconv>
#include <set>

#include "base/error.h"
#include "base/files.h"
#include "base/log.h"
#include "drivers/qemu/command/command.h"
#include "drivers/qemu/driver.h"
#include "drivers/qemu/machine.h"
#include "drivers/qemu/proc.h"
#include "drivers/qemu/status_parts.h"
#include "model/domain/domain.h"

/// What outlives a daemon: how a running guest is found again, and what is done with what is left of others.
namespace innkeeper::qemu {

namespace json = boost::json;
using namespace std::chrono_literals;
using guests::GuestPtr;

namespace {

/// A guest that does not answer within this time is taken over as its status file describes it.
constexpr auto adopt_limit = 3s;
/// And is asked again for so long.
constexpr auto patience = 1h;
/// One that was killed goes at once, unless the kernel waits for a disk: then without us.
constexpr auto kill_limit = 5s;

Task<> end_of(Process* process) { co_await process->exited(); }

Task<> kill_and_wait(Process process, std::string name) {
    process.send_signal(SIGKILL);
    try {
        co_await within(kill_limit, "the end of QEMU", end_of(&process));
    } catch (const Error&) {
        log::warning("process {} of domain '{}' was killed, but has not gone yet", process.pid(), name);
    }
}

std::optional<pid_t> read_pid(const std::string& path) {
    const auto text = read_file(path, 64);
    if (!text) return std::nullopt;
    pid_t pid = 0;
    const auto result = std::from_chars(text->data(), text->data() + text->size(), pid);
    if (result.ec != std::errc() || pid <= 1) return std::nullopt;
    return pid;
}

/// Whether that process is that guest: its number may belong to another by now.
bool is_guest(pid_t pid, const std::string& name, const std::string& monitor_folder) {
    const std::string words = command_line_of(pid);
    return words.find("guest=" + name) != std::string::npos && words.find(monitor_folder) != std::string::npos;
}

std::string status_of(const QmpReply& reply) {
    if (!reply || !reply->is_object()) return {};
    const json::value* value = reply->get_object().if_contains("status");
    return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

std::vector<pid_t> threads_of(const QmpReply& reply) {
    std::vector<pid_t> threads;
    if (!reply || !reply->is_array()) return threads;
    for (const auto& item : reply->get_array()) {
        const json::value* thread = item.is_object() ? item.get_object().if_contains("thread-id") : nullptr;
        threads.push_back(thread != nullptr && thread->is_int64() ? static_cast<pid_t>(thread->get_int64()) : 0);
    }
    return threads;
}

/// Brings what is noted about the guest in line with what QEMU says now.
void correct_condition(guests::Guest& guest, QemuMachine& machine, const std::string& status) {
    using guests::Paused;
    const bool was_running = guest.condition().state == guests::State::running;
    if (status == "running") {
        if (!was_running) guest.running(guests::Running::unpaused);
    } else if (status == "shutdown") {
        guest.shutting_down(guests::Shutdown::finished);
        machine.powered_off();
    } else if (status == "guest-panicked") {
        guest.panicked();
    } else if (status == "suspended") {
        guest.suspended_by_itself();
    } else if (was_running) {
        guest.paused(status == "io-error"   ? Paused::io_error
                     : status == "watchdog" ? Paused::watchdog
                                            : Paused::unknown);
    }
}

}  // namespace

RunFiles Driver::run_files(const std::string& name, int id) const {
    return RunFiles::of(paths_, name, short_name(id, name));
}

RunFiles Driver::files_of(const guests::Guest& guest) const { return run_files(guest.name(), guest.id()); }

std::string Driver::status_elements(const guests::Guest& guest) {
    const RunFiles files = files_of(guest);
    std::string text = fmt::format("  <monitor path='{}' type='unix'/>\n", files.monitor);
    const auto machine = guest.machine_as<QemuMachine>();
    if (machine && !machine->vcpu_threads.empty()) {
        text += "  <vcpus>\n";
        for (std::size_t i = 0; i < machine->vcpu_threads.size(); ++i)
            text += fmt::format("    <vcpu id='{}' pid='{}'/>\n", i, machine->vcpu_threads[i]);
        text += "  </vcpus>\n";
    }
    if (machine && !machine->parts_for_peer.empty())
        text += machine->parts_for_peer;
    else if (machine && machine->capabilities)
        text += parts_for_peer(*guest.live(), *machine->capabilities, machine->device_ids);
    if (machine && machine->fake_reboot) text += "  <fakereboot/>\n";
    text += fmt::format("  <libDir path='{}'/>\n  <channelTargetDir path='{}'/>\n", files.directory,
                        files.channel_directory);
    return text;
}

Task<> Driver::adopt(guests::Remnant remnant) {
    const GuestPtr guest = remnant.guest;
    const RunFiles files = files_of(*guest);
    const pid_t pid = guest->pid() > 0 ? guest->pid() : read_pid(files.pid).value_or(0);
    std::optional<Process> process;
    if (pid > 0) process = Process::adopt(pid);
    // Looked at with the process held: now the number cannot change hands any more.
    if (!process || process->has_exited() || !is_guest(pid, guest->name(), files.directory)) {
        files.remove();
        guest->expect_end(guest->condition().state == guests::State::shutdown ? guests::Shutoff::shutdown
                                                                              : guests::Shutoff::crashed);
        throw Error(ErrorCode::operation_failed, "it ended while the daemon was away");
    }
    if (guest->condition() == guests::Condition(guests::Paused::starting_up)) {
        // Nobody was ever told that it runs.
        co_await kill_and_wait(std::move(*process), guest->name());
        files.remove();
        throw Error(ErrorCode::operation_failed, "the daemon ended while it was being started");
    }
    auto machine = std::make_shared<QemuMachine>(guest, guest->name(), files, nullptr);
    machine->fake_reboot = remnant.status.find("<fakereboot/>") != std::string::npos;
    machine->process = std::move(process);
    adopt_tpm(*machine, *guest);
    machine->parts_for_peer = parts_to_keep(remnant.status);
    machine->log.emplace(*logs_, LogName{guest->name(), guest->live()->uuid, files.log});
    if (locks_) {
        machine->locks = std::make_unique<GuestLocks>(paths_, *locks_, guest->name(), guest->live()->uuid, guest->id());
        machine->locks->adopt(pid, *guest->live(), guest->condition().state == guests::State::running);
    }
    guest->machine = machine;
    guest->set_pid(pid);
    for (const auto& graphics : guest->live()->devices.graphics)
        if (graphics.port.value_or(0) > 0)
            machine->leases.push_back(screens_.reserve(static_cast<unsigned>(*graphics.port)));
    watch(guest, machine);
    bool late = false;
    try {
        machine->connect(connect_to(files.monitor));
        machine->capabilities = co_await abilities_.of(guest->live()->devices.emulator);
        co_await correct(guest, machine, adopt_limit);
    } catch (const Error& error) {
        if (machine->exited.is_set()) throw;
        log::warning("domain '{}' is taken over without its monitor's answer: {}", guest->name(), error.message());
        late = true;
    }
    if (late) machine->tasks.spawn(correct_late(guest, machine));
}

Task<> Driver::correct(GuestPtr guest, std::shared_ptr<QemuMachine> machine, std::chrono::milliseconds limit) {
    std::vector<QmpCommand> commands;
    commands.push_back({.name = "query-status", .arguments = {}});
    commands.push_back({.name = "query-cpus-fast", .arguments = {}});
    const auto replies = co_await machine->monitor().batch(std::move(commands), limit);
    machine->vcpu_threads = threads_of(replies[1]);
    correct_condition(*guest, *machine, status_of(replies[0]));
    if (!machine->exited.is_set()) guest->save_status();
}

Task<> Driver::correct_late(GuestPtr guest, std::shared_ptr<QemuMachine> machine) {
    try {
        co_await correct(guest, machine, patience);
    } catch (const Error& error) {
        log::error("domain '{}': {}", guest->name(), error.message());
    }
}

/// Runs of which no status file tells. What a status file names is left alone even if it could not be read.
Task<> Driver::sweep() {
    const std::string state = paths_.state_of("qemu"), lib = paths_.run_files_of("qemu");
    std::set<std::string> kept_names, kept_folders, their_pids;
    for (const auto& machine : machines_)
        if (const auto alive = machine.lock()) {
            kept_folders.insert(alive->files.directory);
            their_pids.insert(alive->files.pid);
        }
    for (const auto& file : list_directory(state)) {
        if (!file.ends_with(".pid") || file == "driver.pid") continue;
        const std::string name = file.substr(0, file.size() - 4);
        if (path_exists(state + "/" + name + ".xml")) continue;
        const auto pid = read_pid(state + "/" + file);
        auto process = pid ? Process::adopt(*pid) : std::nullopt;
        if (process && !process->has_exited() && is_guest(*pid, name, lib)) {
            log::warning("process {} runs domain '{}', which nobody knows, and is ended", *pid, name);
            co_await kill_and_wait(std::move(*process), name);
        }
        remove_file(state + "/" + file);
    }
    for (const auto& file : list_directory(state)) {
        const std::string name = file.substr(0, file.rfind('.'));
        if (file.ends_with(".xml") && !their_pids.contains(state + "/" + name + ".pid"))
            kept_names.insert(short_name(0, name).substr(1));
    }
    for (const auto& folder : list_directory(lib)) {
        if (!folder.starts_with("domain-")) continue;
        const auto id_and_name = folder.substr(7);
        const bool is_ours = kept_folders.contains(lib + "/" + folder);
        const auto dash = id_and_name.find('-');
        const bool may_be_alive = dash != std::string::npos && kept_names.contains(id_and_name.substr(dash));
        if (!is_ours && !may_be_alive) RunFiles::of(paths_, {}, id_and_name).remove();
    }
}

}  // namespace innkeeper::qemu
