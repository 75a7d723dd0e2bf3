#include "drivers/qemu/documents.h"

#include <algorithm>

#include "drivers/qemu/abilities/arch.h"
#include "drivers/qemu/host_document.h"

namespace innkeeper::qemu {

namespace {

using model::GuestDescription;
using Toggle = model::FeatureToggle;

/// A machine type that has a shorter name is told by both.
void add_machine(std::vector<GuestDescription::Machine>& machines, const MachineType& machine) {
    GuestDescription::Machine told{.max_cpus = machine.max_cpus, .name = machine.name};
    if (machine.deprecated) told.deprecated = true;
    machines.push_back(told);
    if (machine.alias.empty()) return;
    told.canonical = machine.name;
    told.name = machine.alias;
    machines.push_back(std::move(told));
}

std::vector<GuestDescription::Machine> machines(const Capabilities& emulator) {
    std::vector<GuestDescription::Machine> machines;
    const MachineType* first = emulator.default_machine();
    if (first != nullptr) add_machine(machines, *first);
    for (const auto& machine : emulator.machines)
        if (&machine != first && machine.name != "none") add_machine(machines, machine);
    return machines;
}

GuestDescription::Features features(std::string_view arch) {
    constexpr Toggle always{}, can_be_without{.can_be_toggled = true};
    const bool is_x86 = arch == "x86_64" || arch == "i686", is_i686 = arch == "i686";
    GuestDescription::Features features{.pae = is_i686, .nonpae = is_i686};
    if (is_x86 || arch == "aarch64") features.acpi = can_be_without;
    if (is_x86) features.apic = always;
    features.cpu_selection = features.device_boot = true;
    features.disk_snapshot = always;
    return features;
}

GuestDescription guest(const Abilities::Installed& installed) {
    const Capabilities& emulator = *installed.emulator;
    const Arch* arch = arch_of_name(installed.arch);
    GuestDescription guest{.os_type = "hvm",
                           .arch = std::string(installed.arch),
                           .word_size = arch != nullptr && arch->bits == 32 ? 32u : 64u,
                           .emulator = emulator.binary,
                           .machines = machines(emulator),
                           .domain_types = {{"qemu"}},
                           .features = features(installed.arch)};
    if (emulator.kvm) guest.domain_types.push_back({"kvm"});
    return guest;
}

}  // namespace

std::string capabilities_document(const std::vector<Abilities::Installed>& emulators, std::string_view dac) {
    model::HostCapabilities capabilities{.host = describe_host(dac), .guests = {}};
    std::ranges::transform(emulators, std::back_inserter(capabilities.guests), guest);
    return model::format_host_capabilities(capabilities);
}

}  // namespace innkeeper::qemu
