#include <fmt/format.h>

#include "base/error.h"
#include "cpu/arch.h"
#include "cpu/baseline.h"
#include "cpu/compare.h"
#include "cpu/host.h"
#include "drivers/qemu/abilities/arch.h"
#include "drivers/qemu/driver.h"
#include "model/domain/os.h"

/// The CPUs that guests could have.
namespace innkeeper::qemu {

namespace {

int told(const cpu::Comparison& comparison, bool must_fit) {
    if (must_fit && comparison.fit == cpu::Fit::incompatible)
        throw Error(ErrorCode::cpu_incompatible, ErrorDomain::cpu, comparison.reason);
    return static_cast<int>(comparison.fit);
}

}  // namespace

Task<std::vector<std::string>> Driver::cpu_models(std::string arch) {
    if (!xml::value_of<model::Architecture>(arch))
        throw Error(ErrorCode::invalid_arg, ErrorDomain::qemu, fmt::format("cannot find architecture {}", arch));
    const auto names = cpu::model_names(arch);
    co_return std::vector<std::string>(names.begin(), names.end());
}

Task<int> Driver::compare_cpu(std::string document, bool must_fit) {
    const auto wanted = cpu::read_cpu(document);
    if (cpu::family_of(host_arch()) != cpu::Family::x86)
        throw Error(ErrorCode::no_support, ErrorDomain::cpu,
                    fmt::format("cannot compare CPUs of {} architecture", host_arch()));
    co_return told(cpu::compare(cpu::x86_host(), wanted), must_fit);
}

Task<std::string> Driver::baseline_cpu(std::vector<std::string> documents, guests::CpuWish wish) {
    std::vector<model::HostCpu> cpus;
    for (const std::string& document : documents) cpus.push_back(cpu::read_host_cpu(document));
    const model::Cpu baseline = cpu::baseline(cpus, {.expand = wish.expand, .migratable = wish.migratable});
    co_return model::cpu_element.format(baseline);
}

}  // namespace innkeeper::qemu
