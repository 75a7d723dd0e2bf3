#include "drivers/qemu/driver.h"

#include <fmt/format.h>
#include <unistd.h>

#include <random>

#include "base/error.h"
#include "drivers/qemu/abilities/arch.h"
#include "drivers/qemu/command/command.h"
#include "drivers/qemu/complete/complete.h"
#include "drivers/qemu/consoles.h"
#include "drivers/qemu/cpu_names.h"
#include "drivers/qemu/documents.h"
#include "drivers/qemu/identity.h"
#include "drivers/qemu/machine.h"
#include "model/domain/domain.h"

namespace innkeeper::qemu {

Driver::Driver(Paths paths, config::QemuSettings settings)
    : paths_(std::move(paths)),
      settings_(std::move(settings)),
      run_as_(identity(paths_.is_system(), settings_.user, settings_.group)),
      abilities_(paths_.cache() + "/qemu/capabilities", run_as_),
      screens_("VNC", settings_.remote_display_port_min, settings_.remote_display_port_max),
      websockets_("VNC websocket", settings_.remote_websocket_port_min, settings_.remote_websocket_port_max),
      consoles_(std::make_unique<Consoles>()) {}

Driver::~Driver() = default;

Task<> Driver::close() {
    co_await consoles_->close();
    co_await watches_.close();
    for (const auto& machine : machines_)
        if (const auto running = machine.lock()) co_await running->release();
    co_await abilities_.close();
}

void Driver::watch(const guests::GuestPtr& guest, std::shared_ptr<QemuMachine> machine) {
    std::erase_if(machines_, [](const auto& known) { return known.expired(); });
    machines_.push_back(machine);
    watches_.spawn(QemuMachine::watch(std::move(machine), guest));
}

HostFacts Driver::host_facts() const {
    HostFacts facts;
    if (const auto arch = xml::value_of<model::Architecture>(host_arch())) facts.arch = *arch;
    for (const Arch& arch : arches()) {
        const auto known = xml::value_of<model::Architecture>(arch.name);
        if (!known) continue;
        if (auto binary = Abilities::binary_for(arch.name); !binary.empty())
            facts.emulators[*known] = std::move(binary);
    }
    facts.spice_tls = settings_.spice_tls;
    facts.vnc_auto_unix_socket = settings_.vnc_auto_unix_socket;
    facts.spice_auto_unix_socket = settings_.spice_auto_unix_socket;
    facts.nvram_folder = paths_.lib() + "/qemu/nvram";
    std::random_device device;
    facts.seed = (static_cast<std::uint64_t>(device()) << 32) | device();
    return facts;
}

Task<guests::DefPtr> Driver::complete(model::DomainDef def, guests::Purpose) {
    const HostFacts facts = host_facts();
    const std::string emulator = choose_emulator(def, facts);
    const auto capabilities = co_await abilities_.of(emulator);
    co_return std::make_shared<const model::DomainDef>(qemu::complete(std::move(def), *capabilities, facts));
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
    if (emulator.empty()) {
        emulator = Abilities::binary_for(arch.empty() ? host_arch() : std::string_view(arch));
        if (emulator.empty())
            throw Error(ErrorCode::config_unsupported,
                        fmt::format("unable to find any emulator to serve '{}' architecture", arch));
    }
    const auto capabilities = co_await abilities_.of(emulator);
    co_return domain_capabilities_document(*capabilities, arch, machine, virt_type);
}

Task<int> Driver::max_vcpus(std::string virt_type) {
    if (virt_type.empty() || virt_type == "qemu") co_return 16;
    if (virt_type == "kvm") co_return static_cast<int>(::sysconf(_SC_NPROCESSORS_ONLN)) * 4;
    throw Error(ErrorCode::invalid_arg, fmt::format("unknown type '{}'", virt_type));
}

Task<std::string> Driver::to_native(guests::DefPtr def) {
    auto whole = *(co_await complete(*def, guests::Purpose::start));
    const auto capabilities = co_await abilities_.of(whole.devices.emulator);
    assign_aliases(whole);
    number_images(whole);
    const RunFiles files = RunFiles::of(paths_, whole.name, short_name(-1, whole.name));
    auto context = command_context(files, -1);
    context.purpose = CommandContext::Purpose::native;
    co_return build_command(whole, *capabilities, context).native_text();
}

Task<std::vector<std::string>> Driver::cpu_models(std::string arch) {
    const auto names = cpu_names(arch);
    co_return std::vector<std::string>(names.begin(), names.end());
}

}  // namespace innkeeper::qemu
