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

struct Member {
    std::string_view model, vendor;
    FeatureSet features;
};

/// What all of them have, and whose it must be.
struct Common {
    FeatureSet features;
    std::string_view vendor;       ///< of those that say or imply one
    std::string_view said_by_all;  ///< if each says it
};

/// What the first only implies does not count: whose model it is is left to those that come after it.
std::string_view vendor_of(const Member& member, bool is_first) {
    if (!member.vendor.empty() && !is_x86_vendor(member.vendor))
        throw failed(fmt::format("Unknown CPU vendor {}", member.vendor));
    const std::string_view implied = known_model(member.model).vendor;
    if (is_first || implied.empty()) return member.vendor;
    if (!member.vendor.empty() && member.vendor != implied)
        throw failed(
            fmt::format("CPU vendor {} of model {} differs from vendor {}", implied, member.model, member.vendor));
    return implied;
}

Common common(std::span<const Member> members) {
    const Member& first = members.front();
    Common found{first.features, vendor_of(first, true), first.vendor};
    for (const Member& member : members.subspan(1)) {
        const std::string_view vendor = vendor_of(member, false);
        if (!vendor.empty() && !found.vendor.empty() && vendor != found.vendor)
            throw failed("CPU vendors do not match");
        if (found.vendor.empty()) found.vendor = vendor;
        if (member.vendor != found.said_by_all) found.said_by_all = {};
        found.features &= member.features;
    }
    if (found.features.none()) throw failed("CPUs are incompatible");
    return found;
}

/// A CPU that all of them name stays what it is called, however much is added to it.
std::optional<Decoded> only_one_named(std::span<const Member> members, const FeatureSet& features, Search search) {
    const std::string_view name = members.front().model;
    if (!std::ranges::all_of(members, [&](const Member& member) { return member.model == name; })) return std::nullopt;
    search.is_possible = [name, also = std::move(search.is_possible)](const X86Model& model) {
        return model.name == name && (!also || also(model));
    };
    return decode(features, search);
}

Cpu x86_baseline(std::span<const Member> members, const BaselineOptions& options, Search search) {
    Common all = common(members);
    all.features &= ~of_kind(X86Feature::host_only);
    search.vendor = all.vendor;
    auto decoded = only_one_named(members, all.features, search);
    Cpu cpu = named({}, decoded ? Cpu::Fallback::forbid : Cpu::Fallback::allow);
    if (!decoded) {
        for (const Member& member : members) search.named.push_back(member.model);
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

Cpu x86_baseline(std::span<const HostCpu> cpus, const BaselineOptions& options) {
    std::vector<Member> members;
    for (const HostCpu& cpu : cpus)
        members.push_back({cpu.model, cpu.vendor, features_of(known_model(cpu.model), cpu.features)});
    return x86_baseline(members, options, {});
}

Member member_of(const CpuDocument& document) {
    if (document.is_host) {
        const HostCpu& cpu = document.host;
        return {cpu.model, cpu.vendor, features_of(known_model(cpu.model), cpu.features)};
    }
    const Cpu& cpu = document.guest;
    return {cpu.model, cpu.vendor, features_of_guest(cpu)};
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

Cpu emulated_baseline(std::span<const CpuDocument> documents, const BaselineOptions& options, const Search& search) {
    std::vector<Member> members;
    for (std::size_t i = 0; i < documents.size(); ++i) {
        const CpuDocument& document = documents[i];
        if ((document.is_host ? document.host.model : document.guest.model).empty())
            throw Error(ErrorCode::invalid_arg, ErrorDomain::cpu, fmt::format("no CPU model specified at index {}", i));
        members.push_back(member_of(document));
    }
    Cpu cpu = x86_baseline(members, options, search);
    cpu.fallback = Cpu::Fallback::forbid;
    return cpu;
}

}  // namespace innkeeper::cpu
