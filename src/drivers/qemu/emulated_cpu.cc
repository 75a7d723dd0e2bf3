#include "drivers/qemu/emulated_cpu.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "cpu/x86_cpu.h"
#include "drivers/qemu/abilities/cpu_features.h"

namespace innkeeper::qemu {

namespace {

using cpu::FeatureSet;
using model::Cpu;
using model::CpuFeature;
using Policy = CpuFeature::Policy;

/// A definition that came from clients says things of features that nobody knows.
std::size_t feature_of_guest(std::string_view name) {
    const auto feature = cpu::x86_feature(name);
    if (!feature)
        throw Error(ErrorCode::config_unsupported, ErrorDomain::cpu, fmt::format("unknown CPU feature: {}", name));
    return *feature;
}

void set_policy(std::vector<CpuFeature>& features, std::string_view name, Policy policy) {
    const auto found = std::ranges::find(features, name, &CpuFeature::name);
    if (found != features.end())
        found->policy = policy;
    else
        features.push_back({std::string(name), policy});
}

bool is_on(Policy policy) { return policy == Policy::force || policy == Policy::require; }

bool has(const EmulatedCpu& emulated, std::string_view name) {
    const auto feature = cpu::x86_feature(name);
    return feature && emulated.most().features.test(*feature);
}

/// "Like the host, at least that": the definition's own words come after the host's.
bool is_like_host(const Cpu& cpu) {
    return cpu.mode == Cpu::Mode::host_model || (cpu.mode == Cpu::Mode::custom && cpu.match == Cpu::Match::minimum);
}

void become_host(Cpu& cpu, const EmulatedCpu& emulated) {
    const Cpu host = emulated.host_model();
    if (cpu.mode == Cpu::Mode::host_model) cpu.vendor = host.vendor;
    cpu.mode = Cpu::Mode::custom;
    cpu.match = Cpu::Match::exact;
    cpu.model = host.model;
    if (!cpu.fallback) cpu.fallback = Cpu::Fallback::allow;
    auto features = host.features;
    for (const CpuFeature& feature : cpu.features)
        set_policy(features, feature.name, feature.policy.value_or(Policy::require));
    cpu.features = std::move(features);
}

/// A feature that the model once had is switched off in so many words, so that no emulator's idea of the model counts.
void name_removed(Cpu& cpu) {
    for (const std::string_view name : cpu::names_of(cpu::known_model(cpu.model).removed))
        if (std::ranges::find(cpu.features, name, &CpuFeature::name) == cpu.features.end())
            cpu.features.push_back({std::string(name), Policy::disable});
}

/// An emulator that does not know the model gets the nearest of its own.
void replace_unknown_model(Cpu& cpu, const EmulatedCpu& emulated) {
    if (emulated.knows(cpu.model)) return;
    const auto decoded = cpu.fallback == Cpu::Fallback::forbid
                             ? std::nullopt
                             : cpu::decode(cpu::features_of_guest(cpu), emulated.search(cpu.vendor));
    if (!decoded)
        throw Error(ErrorCode::config_unsupported,
                    fmt::format("CPU model {} is not supported by hypervisor", cpu.model));
    cpu.model = decoded->model->name;
    const auto said = std::exchange(cpu.features, cpu::features_in_words(*decoded));
    for (const CpuFeature& feature : said)
        if (!is_on(feature.policy.value_or(Policy::require))) set_policy(cpu.features, feature.name, *feature.policy);
}

/// The bits that QEMU tells of a running CPU; what is in model-specific registers is not among them.
FeatureSet told_by_qemu() {
    FeatureSet told;
    const auto all = cpu::x86_features();
    for (std::size_t i = 0; i < all.size(); ++i)
        told.set(i, all[i].bit.word != cpu::Register::msr && all[i].kind != cpu::X86Feature::host_only);
    return told;
}

[[noreturn]] void refuse_difference(const FeatureSet& extra, const FeatureSet& missing) {
    std::string text;
    if (extra.any()) text = fmt::format("extra features: {}", fmt::join(cpu::names_of(extra), ","));
    if (missing.any())
        text += fmt::format("{}missing features: {}", text.empty() ? "" : ", ", fmt::join(cpu::names_of(missing), ","));
    throw Error(ErrorCode::operation_failed, fmt::format("guest CPU doesn't match specification: {}", text));
}

}  // namespace

std::optional<EmulatedCpu> EmulatedCpu::of(const Capabilities& capabilities, bool accelerated) {
    const auto& most = accelerated ? capabilities.kvm_most : capabilities.tcg_most;
    if (!most || (capabilities.arch != "x86_64" && capabilities.arch != "i686")) return std::nullopt;
    EmulatedCpu emulated(capabilities, accelerated);
    emulated.most_.vendor = vendor_of_qemu(most->vendor);
    emulated.most_.signature = {most->family, most->model, most->stepping};
    const auto features = cpu::x86_features();
    for (std::size_t i = 0; i < features.size(); ++i) {
        const std::string name(features[i].name);
        if (most->features.contains(name) || most->features.contains(qemu_feature(name)))
            emulated.most_.features.set(i);
    }
    return emulated;
}

bool EmulatedCpu::knows(std::string_view model) const { return all_->cpu_model(model, accelerated_) != nullptr; }

FeatureSet EmulatedCpu::withheld(std::string_view model) const {
    FeatureSet withheld;
    const CpuModel* known = all_->cpu_model(model, accelerated_);
    if (!known) return withheld;
    const auto features = cpu::x86_features();
    for (std::size_t i = 0; i < features.size(); ++i) {
        const std::string theirs = qemu_feature(features[i].name);
        withheld.set(i, std::ranges::find(known->unavailable, theirs) != known->unavailable.end() ||
                            std::ranges::find(known->unavailable, features[i].name) != known->unavailable.end());
    }
    return withheld;
}

cpu::Search EmulatedCpu::search(std::string_view vendor) const {
    cpu::Search search{.vendor = vendor};
    search.is_possible = [this](const cpu::X86Model& model) { return knows(model.name); };
    search.withheld = [this](const cpu::X86Model& model) { return withheld(model.name); };
    return search;
}

Cpu EmulatedCpu::host_model() const {
    const auto decoded = cpu::decode(most_.features, search(most_.vendor));
    if (!decoded) throw Error(ErrorCode::config_unsupported, "the emulator has no CPU model that its CPU is near to");
    Cpu cpu;
    cpu.mode = Cpu::Mode::custom;
    cpu.match = Cpu::Match::exact;
    cpu.model = decoded->model->name;
    cpu.fallback = Cpu::Fallback::forbid;
    cpu.vendor = most_.vendor;
    cpu.features = cpu::features_in_words(*decoded);
    return cpu;
}

Cpu shown_cpu(const Cpu& cpu, const EmulatedCpu& emulated) {
    Cpu shown = cpu;
    if (is_like_host(shown)) become_host(shown, emulated);
    if (shown.mode != Cpu::Mode::custom || shown.model.empty()) return shown;
    name_removed(shown);
    for (CpuFeature& feature : shown.features)
        if (feature.policy == Policy::optional)
            feature.policy = has(emulated, feature.name) ? Policy::require : Policy::disable;
    return shown;
}

Cpu settled_cpu(const Cpu& cpu, const EmulatedCpu& emulated) {
    if (cpu.mode != Cpu::Mode::host_model && (cpu.mode != Cpu::Mode::custom || cpu.model.empty())) return cpu;
    for (const CpuFeature& feature : cpu.features) feature_of_guest(feature.name);
    Cpu settled = shown_cpu(cpu, emulated);
    if (settled.check == Cpu::Check::partial) {
        const auto comparison = cpu::compare(emulated.most(), {.is_host = false, .host = {}, .guest = settled});
        if (comparison.fit == cpu::Fit::incompatible)
            throw Error(ErrorCode::cpu_incompatible, ErrorDomain::cpu, comparison.reason);
    }
    replace_unknown_model(settled, emulated);
    return settled;
}

void settle_cpu(model::DomainDef& def, const Capabilities& capabilities) {
    if (!def.cpu) return;
    const auto emulated = EmulatedCpu::of(capabilities, def.type == model::DomainDef::VirtType::kvm);
    if (emulated) def.cpu = settled_cpu(*def.cpu, *emulated);
}

Cpu running_cpu(const Cpu& cpu, const ToldFeatures& told) {
    const FeatureSet asked = cpu::features_of_guest(cpu), telling = told_by_qemu();
    const FeatureSet extra = told.enabled & ~asked & telling;
    const FeatureSet missing = asked & ~told.enabled & telling;
    if (cpu.check == Cpu::Check::full && (extra.any() || missing.any())) refuse_difference(extra, missing);
    Cpu running = cpu;
    // What the emulator's own idea of the model has and could not be had is off as well.
    for (const auto name : cpu::names_of(extra | missing | (told.filtered & ~told.enabled))) {
        const auto feature = *cpu::x86_feature(name);
        const bool is_said = !extra.test(feature) && !missing.test(feature) &&
                             std::ranges::find(cpu.features, name, &CpuFeature::name) != cpu.features.end();
        if (!is_said) set_policy(running.features, name, extra.test(feature) ? Policy::require : Policy::disable);
    }
    running.check = Cpu::Check::full;
    running.fallback = Cpu::Fallback::forbid;
    return running;
}

}  // namespace innkeeper::qemu
