#include "cpu/baseline.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "cpu/arch.h"
#include "cpu/decode.h"
#include "cpu/x86_cpu.h"

namespace innkeeper::cpu {

namespace {

using model::Cpu;
using model::HostCpu;

Error failed(std::string text) { return Error(ErrorCode::operation_failed, ErrorDomain::cpu, std::move(text)); }

Cpu named(std::string_view model, Cpu::Fallback fallback) {
    Cpu cpu;
    cpu.mode = Cpu::Mode::custom;
    cpu.match = Cpu::Match::exact;
    cpu.model = model;
    cpu.fallback = fallback;
    return cpu;
}

/// What all of them have, and whose it must be.
struct Common {
    FeatureSet features;
    std::string_view vendor;       ///< of those that say or imply one
    std::string_view said_by_all;  ///< if each says it
};

Common common(std::span<const HostCpu> cpus) {
    Common found;
    for (const HostCpu& cpu : cpus) {
        const X86Model& model = known_model(cpu.model);
        const FeatureSet features = features_of(model, cpu.features);
        if (&cpu == &cpus.front()) {
            if (!cpu.vendor.empty() && !is_x86_vendor(cpu.vendor))
                throw failed(fmt::format("Unknown CPU vendor {}", cpu.vendor));
            found = {features, cpu.vendor, cpu.vendor};
            continue;
        }
        if (!cpu.vendor.empty() && !is_x86_vendor(cpu.vendor))
            throw failed(fmt::format("Unknown CPU vendor {}", cpu.vendor));
        if (!cpu.vendor.empty() && !model.vendor.empty() && cpu.vendor != model.vendor)
            throw failed(
                fmt::format("CPU vendor {} of model {} differs from vendor {}", model.vendor, model.name, cpu.vendor));
        const std::string_view vendor = cpu.vendor.empty() ? model.vendor : std::string_view(cpu.vendor);
        if (!vendor.empty() && !found.vendor.empty() && vendor != found.vendor)
            throw failed("CPU vendors do not match");
        if (found.vendor.empty()) found.vendor = vendor;
        if (cpu.vendor != found.said_by_all) found.said_by_all = {};
        found.features &= features;
    }
    if (found.features.none()) throw failed("CPUs are incompatible");
    return found;
}

/// A CPU that all of them name stays what it is called, however much is added to it.
std::optional<Decoded> only_one_named(std::span<const HostCpu> cpus, const Common& common) {
    const auto same = [&](const HostCpu& cpu) { return cpu.model == cpus.front().model; };
    if (!std::ranges::all_of(cpus, same)) return std::nullopt;
    Search search{.vendor = common.vendor};
    search.is_possible = [&](const X86Model& model) { return model.name == cpus.front().model; };
    return decode(common.features, search);
}

Cpu x86_baseline(std::span<const HostCpu> cpus, const BaselineOptions& options) {
    Common all = common(cpus);
    all.features &= ~of_kind(X86Feature::host_only);
    auto decoded = only_one_named(cpus, all);
    Cpu cpu = named({}, decoded ? Cpu::Fallback::forbid : Cpu::Fallback::allow);
    if (!decoded) {
        Search search{.vendor = all.vendor};
        for (const HostCpu& each : cpus) search.named.emplace_back(each.model);
        decoded = decode(all.features, search);
    }
    if (!decoded) throw failed("CPUs are incompatible");
    cpu.model = decoded->model->name;
    cpu.vendor = all.said_by_all;
    if (options.migratable) decoded->extra &= ~of_kind(X86Feature::stays_home);
    cpu.features = features_in_words(*decoded);
    if (options.expand) expand(cpu);
    return cpu;
}

/// Models of POWER do not share features, so that a baseline exists only for equal ones.
Cpu ppc64_baseline(std::span<const HostCpu> cpus) {
    const HostCpu& first = cpus.front();
    const Ppc64Model* model = ppc64_model(first.model);
    if (!model)
        throw Error(ErrorCode::internal_error, ErrorDomain::cpu, fmt::format("Unknown CPU model {}", first.model));
    std::string_view vendor = first.vendor;
    for (const HostCpu& cpu : cpus) {
        if (cpu.model != model->name) throw failed("CPUs are incompatible");
        if (cpu.vendor.empty()) continue;
        if (!is_ppc64_vendor(cpu.vendor)) throw failed(fmt::format("Unknown CPU vendor {}", cpu.vendor));
        if (cpu.vendor != model->vendor)
            throw failed(fmt::format("CPU vendor {} of model {} differs from vendor {}", model->vendor, model->name,
                                     cpu.vendor));
        if (!vendor.empty() && vendor != cpu.vendor) throw failed("CPU vendors do not match");
    }
    return named(model->name, Cpu::Fallback::forbid);
}

}  // namespace

Cpu baseline(std::span<const HostCpu> cpus, const BaselineOptions& options) {
    const HostCpu& first = cpus.front();
    switch (family_of(first.arch)) {
        case Family::x86:
            return x86_baseline(cpus, options);
        case Family::ppc64:
            return ppc64_baseline(cpus);
        case Family::arm:
            // Nothing is known of ARM's models but their names.
            return named(first.model, Cpu::Fallback::allow);
        case Family::s390:
            break;
    }
    throw Error(ErrorCode::no_support, ErrorDomain::cpu,
                fmt::format("cannot compute baseline CPU of {} architecture", first.arch));
}

}  // namespace innkeeper::cpu
