#include "drivers/qemu/abilities/probe.h"

#include <fmt/format.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/json/array.hpp>
#include <cerrno>
#include <chrono>
#include <map>
#include <utility>

#include "base/error.h"
#include "base/log.h"
#include "drivers/qemu/abilities/arch.h"
#include "drivers/qemu/abilities/schema.h"
#include "drivers/qemu/qmp/qmp.h"
#include "loop/child.h"
#include "loop/group.h"

namespace innkeeper::qemu {

namespace json = boost::json;
using namespace std::chrono_literals;

namespace {

/// A loaded host may be slow, but who says nothing for so long is not an emulator.
constexpr auto answer_limit = 30s;

/// Whose properties decide about the command line. What a binary does not have answers with an error, which costs
/// nothing.
constexpr const char* asked_devices[] = {
    "virtio-blk-pci",
    "virtio-net-pci",
    "virtio-scsi-pci",
    "virtio-balloon-pci",
    "virtio-rng-pci",
    "virtio-gpu-pci",
    "virtio-vga",
    "virtio-mem-pci",
    "virtio-iommu-pci",
    "vhost-user-fs-device",
    "vhost-user-blk-pci",
    "virtio-9p-pci",
    "virtio-serial-pci",
    "virtio-input-host-pci",
    "ide-hd",
    "ide-cd",
    "scsi-hd",
    "scsi-cd",
    "scsi-block",
    "scsi-generic",
    "usb-storage",
    "usb-host",
    "usb-redir",
    "isa-fdc",
    "floppy",
    "nvdimm",
    "pc-dimm",
    "vfio-pci",
    "VGA",
    "vmware-svga",
    "qxl",
    "qxl-vga",
    "bochs-display",
    "ramfb",
    "PIIX4_PM",
    "ICH9-LPC",
    "ich9-ahci",
    "i440FX-pcihost",
    "q35-pcihost",
    "mch",
    "pcie-root-port",
    "pci-bridge",
    "pxb-pcie",
    "intel-iommu",
    "kvm-pit",
    "qemu-xhci",
    "nec-usb-xhci",
    "isa-serial",
    "pvpanic",
    "vmcoreinfo",
    "tpm-tis",
    "tpm-crb",
    "e1000e",
    "memory-backend-file",
    "memory-backend-memfd",
};

enum Question : std::size_t {
    ask_version,
    ask_target,
    ask_kvm,
    ask_machines,
    ask_cpus,
    ask_types,
    ask_schema,
    ask_options,
    ask_tpm_models,
    ask_tpm_types,
    ask_migration,
    ask_gic,
    ask_most,
    first_device,
};

/// "host" is a model that exists with KVM alone, "max" the nearest to it that is always there.
QmpCommand most_question(const char* model) {
    return {.name = "query-cpu-model-expansion", .arguments = {{"type", "full"}, {"model", {{"name", model}}}}};
}

std::vector<QmpCommand> questions() {
    std::vector<QmpCommand> all;
    for (const char* name : {"query-version", "query-target", "query-kvm", "query-machines", "query-cpu-definitions",
                             "qom-list-types", "query-qmp-schema", "query-command-line-options", "query-tpm-models",
                             "query-tpm-types", "query-migrate-capabilities", "query-gic-capabilities"})
        all.push_back({.name = name, .arguments = {}});
    all.push_back(most_question("max"));
    for (const char* device : asked_devices) {
        json::object arguments;
        arguments["typename"] = device;
        all.push_back({.name = "device-list-properties", .arguments = std::move(arguments)});
    }
    return all;
}

/// The text member of an object that came from outside; empty if there is none.
std::string text(const json::object& object, std::string_view key) {
    const json::value* value = object.if_contains(key);
    return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}
bool flag(const json::object& object, std::string_view key) {
    const json::value* value = object.if_contains(key);
    return value != nullptr && value->is_bool() && value->get_bool();
}
std::uint32_t number(const json::object& object, std::string_view key) {
    const json::value* value = object.if_contains(key);
    return value != nullptr && value->is_int64() ? static_cast<std::uint32_t>(value->get_int64()) : 0;
}

/// Calls `visit` for each object of a list; nothing for anything else.
template <class F>
void each(const QmpReply& reply, F visit) {
    if (!reply || !reply->is_array()) return;
    for (const auto& item : reply->get_array())
        if (item.is_object()) visit(item.get_object());
}
void names(const QmpReply& reply, std::set<std::string, std::less<>>& into) {
    if (!reply || !reply->is_array()) return;
    for (const auto& item : reply->get_array())
        if (item.is_string()) into.emplace(item.get_string());
}

std::vector<CpuModel> cpu_models(const QmpReply& reply) {
    std::vector<CpuModel> models;
    each(reply, [&](const json::object& item) {
        CpuModel model{.name = text(item, "name"),
                       .type = text(item, "typename"),
                       .deprecated = flag(item, "deprecated"),
                       .unavailable = {}};
        if (const json::value* missing = item.if_contains("unavailable-features");
            missing != nullptr && missing->is_array())
            for (const auto& feature : missing->get_array())
                if (feature.is_string()) model.unavailable.emplace_back(feature.get_string());
        model.tells_unavailable = item.contains("unavailable-features");
        models.push_back(std::move(model));
    });
    return models;
}

std::optional<CpuExpansion> expansion(const QmpReply& reply) {
    if (!reply || !reply->is_object()) return std::nullopt;
    const json::value* model = reply->get_object().if_contains("model");
    const json::value* properties = model && model->is_object() ? model->get_object().if_contains("props") : nullptr;
    if (!properties || !properties->is_object()) return std::nullopt;
    const json::object& all = properties->get_object();
    CpuExpansion cpu{.vendor = text(all, "vendor"),
                     .family = number(all, "family"),
                     .model = number(all, "model"),
                     .stepping = number(all, "stepping"),
                     .features = {}};
    for (const auto& [name, value] : all)
        if (value.is_bool() && value.get_bool()) cpu.features.emplace(name);
    return cpu;
}

void read_version(const QmpReply& reply, Capabilities& into) {
    if (!reply || !reply->is_object()) return;
    into.package = text(reply->get_object(), "package");
    const json::value* numbers = reply->get_object().if_contains("qemu");
    if (numbers == nullptr || !numbers->is_object()) return;
    into.major = number(numbers->get_object(), "major");
    into.minor = number(numbers->get_object(), "minor");
    into.micro = number(numbers->get_object(), "micro");
}

void read_machines(const QmpReply& reply, Capabilities& into) {
    each(reply, [&](const json::object& item) {
        into.machines.push_back({.name = text(item, "name"),
                                 .alias = text(item, "alias"),
                                 .max_cpus = number(item, "cpu-max"),
                                 .hotpluggable_cpus = flag(item, "hotpluggable-cpus"),
                                 .numa_memory = flag(item, "numa-mem-supported"),
                                 .deprecated = flag(item, "deprecated"),
                                 .is_default = flag(item, "is-default"),
                                 .default_cpu = text(item, "default-cpu-type"),
                                 .default_ram = text(item, "default-ram-id")});
    });
}

Capabilities understand(std::string binary, const std::vector<QmpReply>& replies) {
    Capabilities result;
    result.binary = std::move(binary);
    read_version(replies[ask_version], result);
    if (replies[ask_target] && replies[ask_target]->is_object()) {
        const std::string target = text(replies[ask_target]->get_object(), "arch");
        const Arch* arch = arch_of_target(target);
        result.arch = arch != nullptr ? std::string(arch->name) : target;
    }
    result.kvm = replies[ask_kvm] && replies[ask_kvm]->is_object() && flag(replies[ask_kvm]->get_object(), "enabled");
    read_machines(replies[ask_machines], result);
    (result.kvm ? result.kvm_cpus : result.tcg_cpus) = cpu_models(replies[ask_cpus]);
    (result.kvm ? result.kvm_most : result.tcg_most) = expansion(replies[ask_most]);
    each(replies[ask_types], [&](const json::object& item) { result.types.insert(text(item, "name")); });
    if (replies[ask_schema]) read_schema(*replies[ask_schema], result);
    each(replies[ask_options], [&](const json::object& item) {
        auto& parameters = result.options[text(item, "option")];
        if (const json::value* list = item.if_contains("parameters"); list != nullptr && list->is_array())
            for (const auto& parameter : list->get_array())
                if (parameter.is_object()) parameters.insert(text(parameter.get_object(), "name"));
    });
    names(replies[ask_tpm_models], result.tpm_models);
    names(replies[ask_tpm_types], result.tpm_types);
    each(replies[ask_migration], [&](const json::object& item) { result.migration.insert(text(item, "capability")); });
    each(replies[ask_gic], [&](const json::object& item) {
        const std::string version = std::to_string(number(item, "version"));
        if (flag(item, "emulated")) result.gic_emulated.insert(version);
        if (flag(item, "kernel")) result.gic_kernel.insert(version);
    });
    for (std::size_t i = 0; i < std::size(asked_devices); ++i) {
        const auto& reply = replies[first_device + i];
        if (!reply) continue;
        auto& properties = result.properties[asked_devices[i]];
        each(reply, [&](const json::object& item) { properties.insert(text(item, "name")); });
    }
    return result;
}

/// An emulator without a machine, that answers questions. What it says on stderr goes to a file in memory, so that it
/// can never block on us.
struct Run {
    Process process;
    Fd monitor;
    Fd words;

    static Run start(const std::string& binary, const char* machine, const RunAs& run_as) {
        int ends[2];
        if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
            throw Error::system(errno, "cannot make a socket pair");
        Fd ours(ends[0]), theirs(ends[1]);
        Fd words(::memfd_create("probe", MFD_CLOEXEC));
        if (!words) throw Error::system(errno, "cannot make a file in memory");
        Command command;
        command.argv = {binary,
                        "-S",
                        "-no-user-config",
                        "-nodefaults",
                        "-display",
                        "none",
                        "-machine",
                        machine,
                        "-chardev",
                        "socket,id=monitor,fd=3",
                        "-mon",
                        "chardev=monitor,mode=control"};
        command.environment = {"LC_ALL=C", "HOME=/", "PATH=/usr/sbin:/usr/bin:/sbin:/bin"};
        command.descriptors = {{theirs.get(), 3}, {words.get(), 2}};
        command.own_session = true;
        command.uid = run_as.uid;
        command.gid = run_as.gid;
        command.groups = run_as.groups;
        return {Process::start(command), std::move(ours), std::move(words)};
    }
    std::string last_words() const {
        char buffer[1024];
        const ssize_t n = ::pread(words.get(), buffer, sizeof buffer, 0);
        return n > 0 ? std::string(buffer, static_cast<std::size_t>(n)) : std::string();
    }
};

Task<ExitStatus> end(Process* process) {
    process->send_signal(SIGKILL);
    Scope unhurried;  // It ends at once, and no zombie is to be left, even if we were cancelled.
    co_return co_await process->exited().under(unhurried);
}

Task<std::vector<QmpReply>> ask(std::string binary, const char* machine, RunAs run_as,
                                std::vector<QmpCommand> commands) {
    Run run = Run::start(binary, machine, run_as);
    Qmp monitor(std::move(run.monitor), binary, {});
    std::vector<QmpReply> replies;
    std::exception_ptr failure;
    bool refused = false;
    try {
        replies = co_await monitor.batch(std::move(commands), answer_limit);
    } catch (const Error&) {
        refused = true;
    } catch (...) {
        failure = std::current_exception();
    }
    Scope unhurried;
    co_await monitor.close().under(unhurried);
    const ExitStatus status = co_await end(&run.process).under(unhurried);
    if (failure) std::rethrow_exception(failure);
    // The peer then misses the file in which an emulator notes its process: people know the code.
    if (refused && status.ok())
        throw Error::system(ENOENT, fmt::format("QEMU binary {} ended well without having answered", binary));
    if (refused)
        throw Error(ErrorCode::internal_error,
                    fmt::format("Failed to start QEMU binary {} for probing: {}", binary, run.last_words()));
    co_return replies;
}

std::vector<QmpCommand> cpu_question() {
    std::vector<QmpCommand> only;
    only.push_back({.name = "query-cpu-definitions", .arguments = {}});
    only.push_back(most_question("max"));
    return only;
}

}  // namespace

Task<Capabilities> probe(std::string binary, RunAs run_as) {
    if (::access(binary.c_str(), X_OK) != 0)
        throw Error::system(errno, fmt::format("Cannot check QEMU binary {}", binary));
    Capabilities result = understand(binary, co_await ask(binary, "none,accel=kvm:tcg", run_as, questions()));
    if (result.kvm) {
        // One that is made for KVM alone has no others.
        try {
            const auto replies = co_await ask(binary, "none,accel=tcg", run_as, cpu_question());
            result.tcg_cpus = cpu_models(replies[0]);
            result.tcg_most = expansion(replies[1]);
        } catch (const Error& error) {
            log::info("{}", error.message());
        }
    }
    co_return result;
}

}  // namespace innkeeper::qemu
