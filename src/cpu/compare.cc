#include "cpu/compare.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cpu/x86_cpu.h"

namespace innkeeper::cpu {

namespace {

using model::Cpu;
using Policy = model::CpuFeature::Policy;

/// What is asked for, by what is to become of it.
struct Wanted {
    FeatureSet required;
    FeatureSet forbidden;
    FeatureSet indifferent;  ///< may be there or not
};

Wanted wanted_by_guest(const X86Model& model, const Cpu& cpu) {
    Wanted wanted{.required = model.features, .forbidden = {}, .indifferent = {}};
    for (const model::CpuFeature& feature : cpu.features) {
        const std::size_t number = known_feature(feature.name);
        const Policy policy = feature.policy.value_or(Policy::require);
        wanted.required.set(number, policy == Policy::require);
        if (policy == Policy::forbid) wanted.forbidden.set(number);
        if (policy == Policy::force || policy == Policy::optional || policy == Policy::disable)
            wanted.indifferent.set(number);
    }
    return wanted;
}

Comparison incompatible(std::string reason) { return {Fit::incompatible, std::move(reason)}; }

Comparison compare(const X86Cpu& there, const Wanted& wanted, bool strictly) {
    if (const auto bad = there.features & wanted.forbidden; bad.any())
        return incompatible(fmt::format("Host CPU provides forbidden features: {}", fmt::join(names_of(bad), ", ")));
    if (const auto missing = wanted.required & ~there.features; missing.any())
        return incompatible(
            fmt::format("Host CPU does not provide required features: {}", fmt::join(names_of(missing), ", ")));
    const auto more = there.features & ~wanted.required & ~wanted.indifferent;
    if (more.none()) return {Fit::identical, {}};
    if (!strictly) return {Fit::superset, {}};
    return incompatible(
        fmt::format("Host CPU does not strictly match guest CPU: Extra features: {}", fmt::join(names_of(more), ", ")));
}

}  // namespace

Comparison compare(const X86Cpu& there, const CpuDocument& document) {
    const std::string& arch = document.host.arch;
    if (document.is_host && arch != "x86_64" && arch != "i686")
        return incompatible(fmt::format("CPU arch {} does not match host arch", arch));
    const std::string& name = document.is_host ? document.host.model : document.guest.model;
    const std::string& vendor = document.is_host ? document.host.vendor : document.guest.vendor;
    // What the host is is what it can be.
    if (name.empty()) return {};
    if (!vendor.empty() && vendor != there.vendor)
        return incompatible(fmt::format("host CPU vendor does not match required CPU vendor {}", vendor));
    const X86Model& model = known_model(name);
    if (document.is_host) return compare(there, Wanted{features_of(model, document.host.features), {}, {}}, false);
    return compare(there, wanted_by_guest(model, document.guest), document.guest.match == Cpu::Match::strict);
}

}  // namespace innkeeper::cpu
