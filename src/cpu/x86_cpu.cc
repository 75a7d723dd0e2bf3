#include "cpu/x86_cpu.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"

namespace innkeeper::cpu {

namespace {

using model::CpuFeature;

void add(std::vector<CpuFeature>& list, const FeatureSet& set, CpuFeature::Policy policy) {
    for (const std::string_view name : names_of(set)) list.push_back({std::string(name), policy});
}

}  // namespace

const X86Model& known_model(std::string_view name) {
    const X86Model* model = x86_model(name);
    if (!model) throw Error(ErrorCode::internal_error, ErrorDomain::cpu, fmt::format("Unknown CPU model {}", name));
    return *model;
}

std::size_t known_feature(std::string_view name) {
    const auto feature = x86_feature(name);
    if (!feature) throw Error(ErrorCode::internal_error, ErrorDomain::cpu, fmt::format("Unknown CPU feature {}", name));
    return *feature;
}

FeatureSet features_of(const X86Model& model, const std::vector<std::string>& besides) {
    FeatureSet features = model.features;
    for (const std::string& name : besides) features.set(known_feature(name));
    return features;
}

FeatureSet features_of_guest(const model::Cpu& cpu) {
    FeatureSet features = known_model(cpu.model).features;
    for (const CpuFeature& feature : cpu.features) {
        const auto policy = feature.policy.value_or(CpuFeature::Policy::require);
        features.set(known_feature(feature.name),
                     policy == CpuFeature::Policy::require || policy == CpuFeature::Policy::force);
    }
    return features;
}

std::vector<CpuFeature> features_in_words(const Decoded& decoded) {
    std::vector<CpuFeature> words;
    add(words, decoded.extra, CpuFeature::Policy::require);
    add(words, decoded.missing, CpuFeature::Policy::disable);
    add(words, decoded.unspoken, CpuFeature::Policy::disable);
    return words;
}

void expand(model::Cpu& cpu) {
    FeatureSet implied = known_model(cpu.model).features;
    for (const CpuFeature& feature : cpu.features)
        if (const auto known = x86_feature(feature.name)) implied.reset(*known);
    add(cpu.features, implied, CpuFeature::Policy::require);
    std::ranges::sort(cpu.features, {}, &CpuFeature::name);
}

}  // namespace innkeeper::cpu
