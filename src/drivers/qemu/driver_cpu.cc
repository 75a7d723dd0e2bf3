#include <fmt/format.h>

#include "base/error.h"
#include "cpu/arch.h"
#include "cpu/baseline.h"
#include "cpu/compare.h"
#include "cpu/host.h"
#include "drivers/qemu/abilities/arch.h"
#include "drivers/qemu/driver.h"
#include "drivers/qemu/emulated_cpu.h"
#include "loop/pool.h"
#include "model/domain/os.h"

/// The CPUs that guests could have.
namespace innkeeper::qemu {

namespace {

int told(const cpu::Comparison& comparison, bool must_fit) {
    if (must_fit && comparison.fit == cpu::Fit::incompatible)
        throw Error(ErrorCode::cpu_incompatible, ErrorDomain::cpu, comparison.reason);
    return static_cast<int>(comparison.fit);
}

/// The document that is asked about, once it has passed what the question wants.
Task<cpu::CpuDocument> read(std::string document, guests::CpuTest test) {
    if (test.validate) co_await in_pool([document] { cpu::validate_cpu(document); });
    co_return cpu::read_cpu(document);
}

bool is_accelerated(const guests::EmulatorChoice& choice, const Capabilities& capabilities) {
    return choice.virt_type.empty() ? capabilities.kvm : choice.virt_type == "kvm";
}

}  // namespace

Task<std::vector<std::string>> Driver::cpu_models(std::string arch) {
    if (!xml::value_of<model::Architecture>(arch))
        throw Error(ErrorCode::invalid_arg, ErrorDomain::qemu, fmt::format("cannot find architecture {}", arch));
    const auto names = cpu::model_names(arch);
    co_return std::vector<std::string>(names.begin(), names.end());
}

Task<int> Driver::compare_cpu(std::string document, guests::CpuTest test) {
    const auto wanted = co_await read(std::move(document), test);
    if (cpu::family_of(host_arch()) != cpu::Family::x86)
        throw Error(ErrorCode::no_support, ErrorDomain::cpu,
                    fmt::format("cannot compare CPUs of {} architecture", host_arch()));
    co_return told(cpu::compare(cpu::x86_host(), wanted), test.must_fit);
}

Task<std::string> Driver::baseline_cpu(std::vector<std::string> documents, guests::CpuWish wish) {
    std::vector<model::HostCpu> cpus;
    for (const std::string& document : documents) cpus.push_back(cpu::read_host_cpu(document));
    const model::Cpu baseline = cpu::baseline(cpus, {.expand = wish.expand, .migratable = wish.migratable});
    co_return model::cpu_element.format(baseline);
}

/// The emulator that is meant; throws Error if there is none, or it can't what is asked of it.
Task<CapabilitiesPtr> Driver::chosen(guests::EmulatorChoice choice) {
    if (!choice.arch.empty() && arch_of_name(choice.arch) == nullptr)
        throw Error(ErrorCode::invalid_arg, fmt::format("unknown architecture: {}", choice.arch));
    const std::string_view arch = choice.arch.empty() ? host_arch() : std::string_view(choice.arch);
    if (choice.emulator.empty()) choice.emulator = Abilities::binary_for(arch);
    if (choice.emulator.empty())
        throw Error(ErrorCode::config_unsupported,
                    fmt::format("unable to find any emulator to serve '{}' architecture", arch));
    auto capabilities = co_await abilities_.of(choice.emulator);
    if (!choice.arch.empty() && choice.arch != capabilities->arch &&
        !(capabilities->arch == "x86_64" && choice.arch == "i686"))
        throw Error(ErrorCode::invalid_arg,
                    fmt::format("architecture from emulator '{}' doesn't match given architecture '{}'",
                                capabilities->arch, choice.arch));
    if (!choice.machine.empty() && !capabilities->machine(choice.machine))
        throw Error(ErrorCode::invalid_arg,
                    fmt::format("the machine '{}' is not supported by emulator '{}'", choice.machine, choice.emulator));
    if (!choice.virt_type.empty() && choice.virt_type != "qemu" && !(choice.virt_type == "kvm" && capabilities->kvm))
        throw Error(ErrorCode::invalid_arg,
                    fmt::format("Emulator '{}' does not support virt type '{}'", choice.emulator, choice.virt_type));
    co_return capabilities;
}

Task<int> Driver::compare_emulated_cpu(guests::EmulatorChoice choice, std::string document, guests::CpuTest test) {
    const auto capabilities = co_await chosen(choice);
    const bool accelerated = is_accelerated(choice, *capabilities);
    const auto emulated = EmulatedCpu::of(*capabilities, accelerated);
    if (!emulated)
        throw Error(ErrorCode::operation_unsupported,
                    fmt::format("QEMU '{}' does not support reporting CPU model for virttype '{}'",
                                capabilities->binary, accelerated ? "kvm" : "qemu"));
    const auto wanted = co_await read(std::move(document), test);
    co_return told(cpu::compare(emulated->most(), wanted), test.must_fit);
}

Task<std::string> Driver::baseline_emulated_cpu(guests::EmulatorChoice choice, std::vector<std::string> documents,
                                                guests::CpuWish wish) {
    const auto capabilities = co_await chosen(choice);
    std::vector<cpu::CpuDocument> cpus;
    for (const std::string& document : documents) cpus.push_back(cpu::read_cpu(document));
    const bool accelerated = is_accelerated(choice, *capabilities);
    const auto emulated = EmulatedCpu::of(*capabilities, accelerated);
    if (!emulated)
        throw Error(ErrorCode::operation_unsupported,
                    fmt::format("computing baseline hypervisor CPU is not supported for arch {}", capabilities->arch));
    // What is emulated can be moved, whatever it is.
    const cpu::BaselineOptions options{.expand = wish.expand, .migratable = wish.migratable && accelerated};
    co_return model::cpu_element.format(cpu::emulated_baseline(cpus, options, emulated->search({})));
}

Task<guests::DefPtr> Driver::update_cpu(guests::DefPtr def) {
    if (!def->cpu || def->devices.emulator.empty()) co_return def;
    // What runs says already what it has.
    if (def->id) co_return def;
    const auto capabilities = co_await abilities_.of(def->devices.emulator);
    const auto emulated = EmulatedCpu::of(*capabilities, def->type == model::DomainDef::VirtType::kvm);
    if (!emulated) co_return def;
    auto updated = std::make_shared<model::DomainDef>(*def);
    updated->cpu = shown_cpu(*def->cpu, *emulated);
    co_return updated;
}

}  // namespace innkeeper::qemu
