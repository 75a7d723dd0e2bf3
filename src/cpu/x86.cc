#include "cpu/x86.h"

#include <algorithm>
#include <array>
#include <cassert>

namespace innkeeper::cpu {

namespace {

constexpr X86Feature features[] = {
#include "cpu/x86_features.inc"
};
static_assert(std::size(features) <= FeatureSet().size());

/// A model is told as what it adds to another one that was told before it and what it takes from that.
struct Row {
    std::string_view name, vendor;
    bool is_decoded;
    std::string_view base, plus, minus, removed, signatures;
};
constexpr Row rows[] = {
#include "cpu/x86_models.inc"
};

FeatureSet set_of(std::string_view words) {
    FeatureSet set;
    while (!words.empty()) {
        const auto end = std::min(words.find(' '), words.size());
        const auto feature = x86_feature(words.substr(0, end));
        assert(feature);
        set.set(*feature);
        words.remove_prefix(std::min(end + 1, words.size()));
    }
    return set;
}

std::vector<X86Model> build() {
    std::vector<X86Model> models;
    models.reserve(std::size(rows));
    for (const Row& row : rows) {
        X86Model model{row.name, row.vendor, row.is_decoded, {}, set_of(row.removed), row.signatures};
        const auto base = std::ranges::find(models, row.base, &X86Model::name);
        if (base != models.end()) model.features = base->features;
        model.features |= set_of(row.plus);
        model.features &= ~set_of(row.minus);
        models.push_back(model);
    }
    return models;
}

}  // namespace

std::span<const X86Feature> x86_features() { return features; }

std::optional<std::size_t> x86_feature(std::string_view name) {
    const auto found = std::ranges::find(features, name, &X86Feature::name);
    if (found == std::end(features)) return std::nullopt;
    return static_cast<std::size_t>(found - std::begin(features));
}

std::vector<std::string_view> names_of(const FeatureSet& set) {
    std::vector<std::string_view> names;
    for (std::size_t i = 0; i < std::size(features); ++i)
        if (set.test(i)) names.push_back(features[i].name);
    return names;
}

FeatureSet of_kind(X86Feature::Kind kind) {
    FeatureSet set;
    for (std::size_t i = 0; i < std::size(features); ++i) set.set(i, features[i].kind == kind);
    return set;
}

std::span<const X86Model> x86_models() {
    static const std::vector<X86Model> models = build();
    return models;
}

const X86Model* x86_model(std::string_view name) {
    const auto models = x86_models();
    const auto found = std::ranges::find(models, name, &X86Model::name);
    return found == models.end() ? nullptr : &*found;
}

bool is_x86_vendor(std::string_view name) {
    static constexpr std::array<std::string_view, 3> vendors{"Intel", "AMD", "Hygon"};
    return std::ranges::find(vendors, name) != vendors.end();
}

}  // namespace innkeeper::cpu
