
#include <fmt/format.h>

#include "base/error.h"
#include "drivers/qemu/complete/steps.h"

namespace innkeeper::qemu {

using model::Architecture;
using model::DomainDef;

bool is_riscv(Architecture arch) { return arch == Architecture::riscv32 || arch == Architecture::riscv64; }

bool has_system_serial(Architecture arch) {
    return is_riscv(arch) || arch == Architecture::armv6l || arch == Architecture::armv7l ||
           arch == Architecture::armv7b || arch == Architecture::aarch64;
}

bool is_i440fx(const DomainDef& def) {
    if (!def.os.arch || !model::is_x86(*def.os.arch)) return false;
    const std::string& machine = def.os.machine;
    return machine == "pc" || machine.starts_with("pc-0.") || machine.starts_with("pc-1.") ||
           machine.starts_with("pc-i440") || machine.starts_with("rhel");
}

bool is_q35(const DomainDef& def) {
    if (!def.os.arch || !model::is_x86(*def.os.arch)) return false;
    return def.os.machine == "q35" || def.os.machine.starts_with("pc-q35");
}

bool has_isa_bus(const DomainDef& def) { return is_i440fx(def) || is_q35(def) || def.os.machine == "isapc"; }

std::string choose_emulator(DomainDef& def, const HostFacts& host) {
    if (!def.os.arch) def.os.arch = host.arch;
    if (def.devices.emulator.empty()) {
        const auto found = host.emulators.find(*def.os.arch);
        if (found == host.emulators.end())
            throw Error(ErrorCode::config_unsupported,
                        fmt::format("No emulator found for arch '{}'", xml::name(*def.os.arch)));
        def.devices.emulator = found->second;
    }
    return def.devices.emulator;
}

void settle_machine(Completion& it) {
    DomainDef& def = it.def;
    if (def.has_bootloader) throw Error(ErrorCode::config_unsupported, "bootloader is not supported by QEMU");
    if (def.os.machine.empty()) {
        if (!def.os.is_hvm())
            throw Error(ErrorCode::config_unsupported,
                        fmt::format("Emulator '{}' does not support os type '{}'", def.devices.emulator, def.os.type));
        const MachineType* machine = it.capabilities.default_machine();
        if (!machine)
            throw Error(ErrorCode::config_unsupported,
                        fmt::format("could not find a default machine of '{}'", def.devices.emulator));
        def.os.machine = machine->name;
    } else if (const MachineType* machine = it.capabilities.machine(def.os.machine)) {
        // An alias means today's newest: what the guest gets must stay when QEMU is upgraded.
        def.os.machine = machine->name;
    }
}

void validate_machine(const Completion& it) {
    const DomainDef& def = it.def;
    const std::string& emulator = def.devices.emulator;
    const auto refuse = [&](std::string_view kind, std::string_view value) {
        throw Error(ErrorCode::config_unsupported,
                    fmt::format("Emulator '{}' does not support {} '{}'", emulator, kind, value));
    };
    if (!def.os.is_hvm()) refuse("os type", def.os.type);
    // The 64-bit emulator runs 32-bit guests as well.
    const bool fits = xml::name(*def.os.arch) == it.capabilities.arch ||
                      (def.os.arch == Architecture::i686 && it.capabilities.arch == "x86_64");
    if (!fits) refuse("arch", xml::name(*def.os.arch));
    if (def.type != DomainDef::VirtType::qemu && def.type != DomainDef::VirtType::kvm)
        refuse("virt type", xml::name(def.type.value_or(DomainDef::VirtType::none)));
    if (!it.capabilities.machine(def.os.machine)) refuse("machine type", def.os.machine);
}

}  // namespace innkeeper::qemu
