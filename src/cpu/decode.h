#pragma once

#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "cpu/x86.h"
#include "model/domain/host_cpu.h"

/// Which model a set of features is best told as.
namespace innkeeper::cpu {

struct Search {
    std::string_view vendor;              ///< models of others are out; empty: nobody is
    std::vector<std::string_view> named;  ///< models that the question names: they are taken before equals
    bool only_additions = false;          ///< a model that has more than the features is out: how hosts are told
    std::optional<model::CpuSignature> signature;         ///< models that have it are taken before all others
    std::function<bool(const X86Model&)> is_possible;     ///< if given, others are out
    std::function<FeatureSet(const X86Model&)> withheld;  ///< what a model does not get although it names it
};

struct Decoded {
    const X86Model* model = nullptr;
    FeatureSet extra;     ///< beyond the model's
    FeatureSet missing;   ///< of the model's
    FeatureSet unspoken;  ///< once the model's, and not there: said after all others
};

/// Nothing if no model is possible.
std::optional<Decoded> decode(const FeatureSet& features, const Search& search);

bool has_signature(const X86Model& model, const model::CpuSignature& signature);

}  // namespace innkeeper::cpu
