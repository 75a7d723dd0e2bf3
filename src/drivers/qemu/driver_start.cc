#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <ctime>

#include "base/error.h"
#include "base/files.h"
#include "base/log.h"
#include "drivers/qemu/chains.h"
#include "drivers/qemu/command/command.h"
#include "drivers/qemu/complete/complete.h"
#include "drivers/qemu/configured.h"
#include "drivers/qemu/cpu_words.h"
#include "drivers/qemu/disk_limits.h"
#include "drivers/qemu/driver.h"
#include "drivers/qemu/driver_devices.h"
#include "drivers/qemu/firmware/descriptor.h"
#include "drivers/qemu/firmware/nvram.h"
#include "drivers/qemu/identity.h"
#include "drivers/qemu/machine.h"
#include "drivers/qemu/placement.h"
#include "drivers/qemu/preconditions.h"
#include "drivers/qemu/screens.h"
#include "drivers/qemu/scsi_generic.h"
#include "drivers/qemu/sealing.h"
#include "drivers/qemu/start_answers.h"
#include "host/guest_scope.h"
#include "loop/pool.h"

/// Starting a guest. Whatever fails, nothing of it is left; whatever kills the daemon on the way, the status file is
/// there before the process is, so that the next daemon finds both and ends them.
namespace innkeeper::qemu {

namespace json = boost::json;
using namespace std::chrono_literals;
using guests::GuestPtr;

QmpCommand password_command(const model::Graphics& graphics) {
    json::object arguments;
    arguments["protocol"] = graphics.type == model::Graphics::Type::spice ? "spice" : "vnc";
    arguments["password"] = graphics.password;
    if (graphics.connected) {
        using enum model::Graphics::Connected;
        arguments["connected"] = *graphics.connected == keep   ? "keep"
                                 : *graphics.connected == fail ? "fail"
                                                               : "disconnect";
    }
    return {.name = "set_password", .arguments = std::move(arguments)};
}

namespace {

/// A guest without a scope runs as well; it is only not ordered for itself when the host goes down.
Task<> enter_scope(int id, std::string name, Uuid uuid, pid_t process) {
    try {
        co_await in_pool([id, name, uuid, process] {
            host::enter_guest_scope({.driver = "qemu", .id = id, .guest = name, .uuid = uuid, .process = process});
        });
    } catch (const Error& error) {
        log::warning("domain '{}' has no systemd scope: {}", name, error.message());
    }
}

/// How long QEMU may need until it answers: on a loaded host with much memory to prepare, long.
constexpr auto answer_limit = 120s;

/// A descriptor as the command line expects it, opened.
Fd open_passed(const PassedFd& passed) {
    switch (passed.kind) {
        case PassedFd::Kind::listener:
            return listen_at(passed.path);
        case PassedFd::Kind::vhost: {
            Fd device(::open("/dev/vhost-net", O_RDWR | O_CLOEXEC));
            if (!device) throw Error::system(errno, "vhost-net was requested for an interface, but is unavailable");
            return device;
        }
        default:
            break;
    }
    throw Error(ErrorCode::config_unsupported, fmt::format("device '{}' cannot be connected yet", passed.alias));
}

/// What the descriptors of that kind are to be, in their order.
std::vector<DeviceLog> device_logs(const CommandLine& line) {
    std::vector<DeviceLog> logs;
    for (const auto& descriptor : line.descriptors)
        if (descriptor.kind == PassedFd::Kind::log) logs.push_back({descriptor.path, descriptor.append});
    return logs;
}

std::string first_line(const Capabilities& capabilities) {
    utsname host{};
    ::uname(&host);
    return fmt::format(
        "starting up libvirt version: 9.0.0, package: innkeeper, qemu version: {}.{}.{}{}, kernel: {}, hostname: {}",
        capabilities.major, capabilities.minor, capabilities.micro, capabilities.package, host.release, host.nodename);
}

/// Whether QEMU is to use files of that folder.
bool mentions(const CommandLine& line, const std::string& folder) {
    return std::ranges::any_of(line.args, [&](const std::string& word) { return word.contains(folder + "/"); });
}

QmpCommand plain(std::string name) { return {.name = std::move(name), .arguments = {}}; }

template <class Devices>
void name_terminals(Devices& devices, const std::map<std::string, std::string>& paths) {
    for (auto& device : devices) {
        if (device.source.type != model::ChardevSource::Type::pty) continue;
        if (const auto found = paths.find("char" + device.info.alias); found != paths.end())
            device.source.path = found->second;
    }
}

/// What must be done before the first instruction; the first that is refused ends the start.
std::vector<QmpCommand> preparations(const model::DomainDef& def, const config::QemuSettings& settings) {
    std::vector<QmpCommand> commands;
    for (const auto& graphics : def.devices.graphics) {
        auto with_password = graphics;
        with_password.password = password_of(graphics, settings);
        if (!with_password.password.empty()) commands.push_back(password_command(with_password));
    }
    for (const auto& disk : def.devices.disks)
        if (disk.iotune != model::IoTune{}) commands.push_back(limits_of(disk));
    const auto& balloon = def.devices.memballoon;
    if (!balloon || balloon->model == model::Memballoon::Model::none) return commands;
    if (def.current_memory_kib != 0 && def.current_memory_kib < def.memory_kib)
        commands.push_back({.name = "balloon", .arguments = {{"value", def.current_memory_kib * 1024}}});
    return commands;
}

}  // namespace

CommandContext Driver::command_context(const RunFiles& files, int id) const {
    CommandContext context = *configured_;
    context.id = id;
    context.directory = files.directory;
    context.channel_directory = files.channel_directory;
    context.memory_directory = RunFiles::memory_root(paths_);
    context.state_directory = paths_.state_of("qemu");
    const char* path = std::getenv("PATH");
    context.environment = guest_environment(path != nullptr ? path : "/usr/sbin:/usr/bin:/sbin:/bin", files.directory);
    context.has_vfio = path_exists("/dev/vfio/vfio");
    context.now = std::time(nullptr);
    tm local{};
    const time_t now = context.now;
    ::localtime_r(&now, &local);
    context.local_offset = local.tm_gmtoff;
    return context;
}

/// What runs is what was asked for with everything that is decided only now.
std::shared_ptr<model::DomainDef> Driver::running_definition(const guests::Guest& guest, model::DomainDef base,
                                                             QemuMachine& machine) {
    auto def = std::make_shared<model::DomainDef>(std::move(base));
    def->id = guest.id();
    assign_aliases(*def);
    prepare_run(*def, command_context(machine.files, guest.id()));
    def->cpu_before_start = def->cpu;
    settle_cpu(*def, *machine.capabilities);
    lease_ports(*def, machine);
    if (paths_.is_system()) {
        if (def->resource_partition.empty()) def->resource_partition = "/machine";
        if (def->security_labels.empty()) {
            model::SecurityLabel label;
            label.type = model::SecurityLabel::Type::dynamic;
            label.model = "dac";
            label.relabel = true;
            label.label = label.image_label = dac_label(run_as_);
            def->security_labels.push_back(std::move(label));
        }
    }
    return def;
}

Task<> Driver::start(GuestPtr guest, guests::StartOptions options) {
    const auto def = guest->live();
    auto capabilities = co_await abilities_.of(def->devices.emulator);
    auto machine = std::make_shared<QemuMachine>(guest, guest->name(), files_of(*guest), std::move(capabilities));
    machine->starting = true;
    guest->machine = machine;
    std::exception_ptr failure;
    try {
        co_await launch(guest, machine, options);
    } catch (...) {
        failure = std::current_exception();
    }
    if (!failure) co_return;
    // All of it goes before anybody hears that it failed, even if who asked has gone.
    Scope unhurried;
    if (machine->process) {
        machine->process->send_signal(SIGKILL);
        co_await machine->gone.wait().under(unhurried);
    }
    if (!machine->exited.is_set()) {
        // It never ran, or the daemon is ending and nobody watches any more.
        if (machine->process) co_await machine->process->exited().under(unhurried);
        co_await machine->release().under(unhurried);
        co_await machine->end_helpers().under(unhurried);
        machine->files.remove();
    }
    if (machine->log) machine->log->note("shutting down, reason=failed");
    if (guest->machine == machine) guest->machine.reset();
    std::rethrow_exception(failure);
}

Task<> Driver::launch(GuestPtr guest, std::shared_ptr<QemuMachine> machine, guests::StartOptions options) {
    model::DomainDef wanted = co_await with_firmware(*guest->live());
    check_placement(wanted, WhenPlaced::start);
    check_video_helpers(wanted);
    choose_render_nodes(wanted);
    settle_by_settings(wanted, settings_, machine->files.directory);
    wanted = co_await with_listeners(std::move(wanted));
    wanted = co_await with_volumes(std::move(wanted));
    if (auto nvram = nvram_of(wanted)) {
        nvram->is_reset = options.reset_nvram;
        co_await make_nvram(std::move(*nvram));
    }
    const auto needed = Preconditions::of(wanted);
    if (!needed.is_empty())
        wanted = co_await in_pool([needed, seen = std::move(wanted)]() mutable {
            needed.check();
            complete_chains(seen);
            return std::move(seen);
        });
    auto def = running_definition(*guest, std::move(wanted), *machine);

    const auto& files = machine->files;
    auto context = command_context(files, guest->id());
    if (!options.restore_from.empty()) context.purpose = CommandContext::Purpose::restore;
    context.scsi_generics = scsi_generics(*def);
    const std::string master_key = make_master_key();
    context.secrets = co_await sealed_secrets(needed_secrets(*def, *machine->capabilities, context), master_key);
    const CommandLine line = build_command(*def, *machine->capabilities, context);
    check_modules(*def);
    files.prepare(master_key);
    std::vector<std::string> folders{files.directory, files.master_key, files.channel_directory};
    if (mentions(line, files.memory_directory)) {
        make_directories(RunFiles::memory_root(paths_), 0755);
        make_directories(files.memory_directory, 0750);
        folders.push_back(files.memory_directory);
    }

    Command command;
    command.argv = line.argv();
    if (!options.load_snapshot.empty()) command.argv.insert(command.argv.end(), {"-loadvm", options.load_snapshot});
    command.environment = line.environment_words();
    command.own_session = true;
    command.uid = run_as_.uid;
    command.gid = run_as_.gid;
    command.groups = run_as_.groups;
    command.limits = limits_of(settings_);
    if (run_as_.uid)
        for (const auto& path : folders)
            if (::chown(path.c_str(), *run_as_.uid, run_as_.gid.value_or(static_cast<gid_t>(-1))) != 0)
                throw Error::system(errno, fmt::format("unable to set user and group on '{}'", path));

    co_await start_tpm(machine, def);
    std::vector<Fd> passed;
    // Our end is connected before QEMU runs, so that it finds what it is asked as soon as it can listen.
    passed.push_back(listen_at(files.monitor));
    machine->connect(connect_to(files.monitor));
    const bool is_tainted = paths_.is_system() && run_as_.uid.value_or(::geteuid()) == 0;
    std::string head = log_line(first_line(*machine->capabilities)) + line.log_text();
    if (is_tainted) head += log_line(fmt::format("Domain id={} is tainted: high-privileges", guest->id()));
    machine->log.emplace(*logs_, LogName{def->name, def->uuid, files.log});
    auto logs = co_await machine->log->open(std::move(head), device_logs(line));
    auto device_log = logs.devices.begin();
    for (const auto& descriptor : line.descriptors) {
        if (descriptor.kind == PassedFd::Kind::log) {
            passed.push_back(std::move(*device_log++));
            command.descriptors.emplace_back(passed.back().get(), descriptor.number);
            continue;
        }
        if (descriptor.kind == PassedFd::Kind::monitor) {
            command.descriptors.emplace_back(passed.front().get(), descriptor.number);
            continue;
        }
        passed.push_back(open_passed(descriptor));
        command.descriptors.emplace_back(passed.back().get(), descriptor.number);
    }
    if (is_tainted) guest->taint("high-privileges");
    command.descriptors.emplace_back(logs.output.get(), 1);
    command.descriptors.emplace_back(logs.output.get(), 2);
    const Fd pid_file(::open(files.pid.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644));
    if (!pid_file) throw Error::system(errno, fmt::format("cannot create '{}'", files.pid));
    command.pid_file = pid_file.get();

    std::optional<Fd> holder;
    if (locks_) {
        locked_resources(*def, *locks_);  // what cannot be locked is not started
        machine->locks = std::make_unique<GuestLocks>(paths_, *locks_, def->name, def->uuid, guest->id());
        co_await machine->locks->prepare();
        holder.emplace(GuestLocks::holder());
        int number = 3;
        for (const auto& [ours, theirs] : command.descriptors) number = std::max(number, theirs + 1);
        command.descriptors.emplace_back(holder->get(), number);
        command.connection.emplace(holder->get(), machine->locks->socket());
    }
    guest->set_live(def);
    co_await guest->hook("start");
    if (guest->machine != machine)
        throw Error(ErrorCode::operation_failed,
                    fmt::format("domain '{}' ended while it was being started", guest->name()));
    // On disk now, or it does not run: set_live() itself makes do without.
    guest->save_status();
    machine->process.emplace(Process::start(command));
    watch(guest, machine);
    guest->set_pid(machine->process->pid());
    passed.clear();
    logs.output.reset();
    if (holder) co_await machine->locks->begin(std::move(*holder), machine->process->pid());
    // Meanwhile QEMU gets ready.
    if (paths_.is_system() && paths_.root().empty())
        co_await enter_scope(guest->id(), def->name, def->uuid, machine->process->pid());

    std::exception_ptr failure;
    try {
        co_await set_up(guest, machine);
        if (!options.restore_from.empty()) co_await load_saved(machine, options.restore_from);
    } catch (const Error&) {
        failure = std::current_exception();
    }
    if (failure) {
        // If QEMU ended, its own words say why; that it closed its monitor says nothing.
        bool ended = machine->process->has_exited();
        if (!ended && machine->monitor().is_lost()) {
            try {
                co_await within(2s, "the end of QEMU", machine->exited.wait());
                ended = true;
            } catch (const Error&) {
            }
        }
        std::string words;
        if (ended) words = co_await machine->log->words();
        if (ended)
            throw Error(ErrorCode::internal_error,
                        fmt::format("process exited while connecting to monitor: {}", words));
        std::rethrow_exception(failure);
    }

    const bool returns = options.reason == guests::Running::from_snapshot;
    if (!options.restore_from.empty() || (returns && options.paused)) {
        // Nobody hears of this but who asks: what it was when it was saved follows at once.
        guest->enter(guests::Paused::migration);
    } else if (options.paused) {
        guest->paused(guests::Paused::user);
    } else {
        if (machine->locks) co_await machine->locks->acquire(guest->live());
        machine->resuming = options.reason;
        co_await machine->monitor().execute("cont");
        machine->resuming.reset();
        guest->running(options.reason);
    }
    machine->starting = false;
}

/// A processor that is described tells exactly what it has from now on.
void correct_cpu(model::DomainDef& def, const std::optional<ToldFeatures>& told) {
    if (told && def.cpu && def.cpu->mode == model::Cpu::Mode::custom && !def.cpu->model.empty())
        def.cpu = running_cpu(*def.cpu, *told);
}

/// One batch: what has to be known, and what has to be done before the CPUs run.
Task<> Driver::set_up(GuestPtr guest, std::shared_ptr<QemuMachine> machine) {
    std::vector<QmpCommand> commands;
    commands.push_back(plain("query-chardev"));
    commands.push_back(plain("query-cpus-fast"));
    commands.push_back({.name = "qom-list", .arguments = {{"path", "/machine/peripheral"}}});
    const auto asks_features = commands.size();
    for (auto& question : feature_questions()) commands.push_back(std::move(question));
    const auto first = commands.size();
    std::vector<std::string> names;
    for (auto& command : preparations(*guest->live(), settings_)) {
        names.push_back(command.name);
        commands.push_back(std::move(command));
    }
    const auto replies = co_await machine->monitor().batch(std::move(commands), answer_limit);
    for (std::size_t i = 0; i < names.size(); ++i)
        if (!replies[first + i]) Qmp::refuse(names[i], replies[first + i].error());

    auto def = std::make_shared<model::DomainDef>(*guest->live());
    const auto paths = terminals(replies[0]);
    name_terminals(def->devices.serials, paths);
    name_terminals(def->devices.parallels, paths);
    name_terminals(def->devices.channels, paths);
    name_terminals(def->devices.consoles, paths);
    const auto open = opened(replies[0]);
    for (auto& channel : def->devices.channels)
        if (channel.target == model::Channel::Target::virtio)
            channel.state = open.contains("char" + channel.info.alias) ? model::Channel::State::connected
                                                                       : model::Channel::State::disconnected;
    // The first console is a serial port by another name.
    if (!def->devices.consoles.empty() && !def->devices.serials.empty()) {
        auto& console = def->devices.consoles.front();
        if (console.source.type == model::ChardevSource::Type::pty &&
            console.target.value_or(model::Console::Target::serial) == model::Console::Target::serial)
            console.source.path = def->devices.serials.front().source.path;
    }
    correct_cpu(*def, told_features(replies[asks_features], replies[asks_features + 1]));
    machine->vcpu_threads = vcpu_threads(replies[1]);
    machine->device_ids = device_ids(replies[2]);
    guest->set_live(std::move(def));
    co_await pin_all(guest, machine);
}

}  // namespace innkeeper::qemu
