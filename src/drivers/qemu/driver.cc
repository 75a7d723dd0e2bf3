#include "drivers/qemu/driver.h"

#include "drivers/qemu/driver_neighbours.h"

#include <fmt/format.h>
#include <unistd.h>

#include "base/error.h"
#include "drivers/qemu/abilities/arch.h"
#include "drivers/qemu/command/command.h"
#include "drivers/qemu/complete/complete.h"
#include "drivers/qemu/configured.h"
#include "drivers/qemu/consoles.h"
#include "drivers/qemu/documents.h"
#include "drivers/qemu/domain_capabilities.h"
#include "drivers/qemu/emulated_cpu.h"
#include "drivers/qemu/guest_log.h"
#include "drivers/qemu/identity.h"
#include "drivers/qemu/machine.h"
#include "drivers/qemu/migratable.h"
#include "drivers/qemu/placement.h"
#include "drivers/qemu/screens.h"
#include "drivers/qemu/scsi_generic.h"
#include "drivers/qemu/sealing.h"
#include "model/domain/domain.h"

namespace innkeeper::qemu {

Driver::Driver(Paths paths, config::QemuSettings settings, Neighbours neighbours)
    : paths_(std::move(paths)),
      settings_(std::move(settings)),
      neighbours_(neighbours),
      configured_(std::make_unique<const CommandContext>(configured_context(settings_, paths_))),
      run_as_(identity(paths_.is_system(), settings_.user, settings_.group)),
      abilities_(paths_.cache_of("qemu") + "/capabilities", run_as_),
      screens_("VNC", settings_.remote_display_port_min, settings_.remote_display_port_max),
      websockets_("VNC websocket", settings_.remote_websocket_port_min, settings_.remote_websocket_port_max),
      consoles_(std::make_unique<Consoles>()),
      logs_(settings_.stdio_handler == "file" ? file_logs() : daemon_logs(paths_)) {
    if (settings_.lock_manager == "lockd") locks_ = config::LockSettings::read(paths_.config() + "/qemu-lockd.conf");
}

Driver::~Driver() = default;

Task<> Driver::close() {
    co_await consoles_->close();
    co_await watches_.close();
    for (const auto& machine : machines_)
        if (const auto running = machine.lock()) co_await running->release();
    co_await logs_->close();
    co_await abilities_.close();
}

void Driver::watch(const guests::GuestPtr& guest, std::shared_ptr<QemuMachine> machine) {
    std::erase_if(machines_, [](const auto& known) { return known.expired(); });
    machines_.push_back(machine);
    watches_.spawn(QemuMachine::watch(std::move(machine), guest));
}

namespace {

Purpose completion_for(guests::Purpose purpose) {
    switch (purpose) {
        // A saved image's guest ran once; what it saw must not change, whatever would be refused today.
        case guests::Purpose::restore:
        case guests::Purpose::stored:
            return Purpose::stored;
        case guests::Purpose::change:
            return Purpose::change;
        default:
            return Purpose::fresh;
    }
}

}  // namespace

Task<guests::DefPtr> Driver::complete(model::DomainDef def, guests::Purpose purpose) {
    const HostFacts facts = host_facts(def);
    const std::string emulator = choose_emulator(def, facts);
    const auto capabilities = co_await abilities_.of(emulator);
    co_return std::make_shared<const model::DomainDef>(
        qemu::complete(std::move(def), *capabilities, facts, completion_for(purpose)));
}

Task<> Driver::check_device(guests::DefPtr def, std::string element) {
    const HostFacts facts = host_facts(*def);
    const auto capabilities = co_await abilities_.of(def->devices.emulator);
    qemu::check_device(*def, element, *capabilities, facts);
    if (element == "disk" && !def->devices.disks.empty()) co_await located(def->devices.disks.back());
}

Task<std::uint64_t> Driver::version() {
    const std::string binary = Abilities::binary_for(host_arch());
    if (binary.empty())
        throw Error(ErrorCode::internal_error, fmt::format("Cannot find suitable emulator for {}", host_arch()));
    co_return (co_await abilities_.of(binary))->version();
}

Task<std::string> Driver::capabilities() {
    const auto emulators = co_await abilities_.installed();
    co_return capabilities_document(emulators, dac_label(run_as_));
}

Task<std::string> Driver::domain_capabilities(std::string emulator, std::string arch, std::string machine,
                                              std::string virt_type) {
    if (!virt_type.empty() && !xml::value_of<model::DomainDef::VirtType>(virt_type))
        throw Error(ErrorCode::invalid_arg, fmt::format("unknown virttype: {}", virt_type));
    if (arch.empty()) arch = host_arch();
    if (!xml::value_of<model::Architecture>(arch))
        throw Error(ErrorCode::invalid_arg, fmt::format("unknown architecture: {}", arch));
    if (emulator.empty()) {
        emulator = Abilities::binary_for(arch);
        if (emulator.empty())
            throw Error(ErrorCode::config_unsupported,
                        fmt::format("unable to find any emulator to serve '{}' architecture", arch));
    }
    const auto capabilities = co_await abilities_.of(emulator);
    DomainSurroundings surroundings;
    surroundings.firmware = co_await firmware();
    surroundings.firmware_pairs = firmware_pairs(settings_.nvram);
    surroundings.tpm_versions = co_await tpm_versions();
    const DomainChoice choice{std::move(arch), std::move(machine), std::move(virt_type)};
    co_return model::domain_capabilities_element.format(qemu::domain_capabilities(*capabilities, choice, surroundings));
}

Task<int> Driver::max_vcpus(std::string virt_type) {
    if (virt_type.empty() || virt_type == "qemu") co_return 16;
    if (virt_type == "kvm") co_return static_cast<int>(::sysconf(_SC_NPROCESSORS_ONLN)) * 4;
    throw Error(ErrorCode::invalid_arg, fmt::format("unknown type '{}'", virt_type));
}

Task<std::string> Driver::to_native(guests::DefPtr def) {
    auto whole = *(co_await complete(*def, guests::Purpose::start));
    strip_interfaces(whole);
    whole = *(co_await complete(std::move(whole), guests::Purpose::start));
    whole = co_await with_firmware(std::move(whole));
    const auto capabilities = co_await abilities_.of(whole.devices.emulator);
    check_placement(whole, WhenPlaced::native);
    assign_aliases(whole);
    const RunFiles files = run_files(whole.name, -1);
    auto context = command_context(files, -1);
    context.purpose = CommandContext::Purpose::native;
    settle_by_settings(whole, settings_, context.directory);
    prepare_run(whole, context);
    whole = co_await with_listeners(std::move(whole));
    choose_render_nodes(whole);
    DiskSecrets secrets{capabilities, context};
    whole = co_await with_volumes(std::move(whole), std::move(secrets));
    check_video_helpers(whole);
    context.scsi_generics = scsi_generics(whole);
    settle_cpu(whole, *capabilities);
    context.secrets = co_await sealed_secrets(needed_secrets(whole, *capabilities, context), make_master_key());
    const auto line = build_command(whole, *capabilities, context);
    check_modules(whole);
    co_return line.native_text();
}

guests::DefPtr Driver::migratable(guests::DefPtr def) {
    return std::make_shared<model::DomainDef>(qemu::migratable(*def));
}

}  // namespace innkeeper::qemu
