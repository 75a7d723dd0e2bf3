#include "drivers/qemu/abilities/capabilities.h"

#include <algorithm>

namespace innkeeper::qemu {

const MachineType* Capabilities::machine(std::string_view name_or_alias) const {
    const auto found = std::ranges::find_if(machines, [&](const MachineType& machine) {
        return machine.name == name_or_alias || (!machine.alias.empty() && machine.alias == name_or_alias);
    });
    return found == machines.end() ? nullptr : &*found;
}

const MachineType* Capabilities::default_machine() const {
    const auto found = std::ranges::find_if(machines, &MachineType::is_default);
    if (found != machines.end()) return &*found;
    // QEMU's emulators of ARM have none any more; clients still get the one that it was.
    return machine("integratorcp");
}

const CpuModel* Capabilities::cpu_model(std::string_view name, bool accelerated) const {
    const auto& models = accelerated ? kvm_cpus : tcg_cpus;
    const auto found = std::ranges::find(models, name, &CpuModel::name);
    return found == models.end() ? nullptr : &*found;
}

bool Capabilities::has_property(std::string_view device, std::string_view property) const {
    const auto found = properties.find(device);
    return found != properties.end() && found->second.contains(std::string(property));
}

bool Capabilities::has_option(std::string_view option, std::string_view parameter) const {
    const auto found = options.find(option);
    return found != options.end() && found->second.contains(std::string(parameter));
}

}  // namespace innkeeper::qemu
