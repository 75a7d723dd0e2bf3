#include <algorithm>
#include <string_view>

#include <fmt/format.h>

#include "base/error.h"
#include "drivers/qemu/complete/steps.h"

namespace innkeeper::qemu {
namespace {

using model::Cpu;
using model::CpuFeature;
using model::CpuMaxPhysAddr;

/// QEMU names its CPU models by their QOM type: "qemu64-x86_64-cpu".
std::string default_model(const Completion& it) {
    const MachineType* machine = it.capabilities.machine(it.def.os.machine);
    if (!machine) return {};
    for (const auto* models : {&it.capabilities.tcg_cpus, &it.capabilities.kvm_cpus})
        for (const CpuModel& model : *models)
            if (model.type == machine->default_cpu) return model.name;
    // Where QEMU names no models at all (RISC-V), there is nothing to say.
    if (it.capabilities.tcg_cpus.empty() && it.capabilities.kvm_cpus.empty()) return {};
    const std::string suffix = fmt::format("-{}-cpu", it.capabilities.arch == "i686" ? "i386" : it.capabilities.arch);
    std::string name = machine->default_cpu;
    if (name.ends_with(suffix)) name.resize(name.size() - suffix.size());
    return name;
}

/// A CPU is described as soon as more than its topology is said.
bool says_which(const Cpu& cpu) { return cpu.mode != Cpu::Mode::custom || !cpu.model.empty(); }

}  // namespace

void settle_cpu(Completion& it) {
    const std::optional<Cpu> given = it.def.cpu;
    if (!it.def.cpu) it.def.cpu.emplace();
    Cpu& cpu = *it.def.cpu;
    if (!cpu.mode) cpu.mode = Cpu::Mode::custom;

    if (!says_which(cpu)) {
        // Nothing but QEMU's own default is meant, and it is written down, so that it stays.
        const std::string name = default_model(it);
        if (name.empty()) {
            it.def.cpu = given;
            return;
        }
        cpu.model = name;
        cpu.match = Cpu::Match::exact;
        cpu.fallback = Cpu::Fallback::forbid;
        if (!cpu.check) cpu.check = Cpu::Check::none;
        return;
    }
    switch (*cpu.mode) {
        case Cpu::Mode::custom:
            if (!cpu.match) cpu.match = Cpu::Match::exact;
            if (!cpu.fallback) cpu.fallback = Cpu::Fallback::allow;
            if (!cpu.check) cpu.check = it.is_accelerated() ? Cpu::Check::partial : Cpu::Check::none;
            break;
        case Cpu::Mode::host_model:
            if (cpu.model.empty()) cpu.fallback.reset();
            if (!cpu.check) cpu.check = Cpu::Check::partial;
            break;
        case Cpu::Mode::host_passthrough:
            // The 32-bit emulator cannot be asked whether it leaves out what does not migrate.
            if (!cpu.migratable) cpu.migratable = it.capabilities.arch == "x86_64";
            if (!cpu.check) cpu.check = Cpu::Check::none;
            break;
        case Cpu::Mode::maximum:
            if (!cpu.check) cpu.check = Cpu::Check::none;
            break;
    }
    for (CpuFeature& feature : cpu.features)
        if (!feature.policy) feature.policy = CpuFeature::Policy::require;
}

}  // namespace innkeeper::qemu
