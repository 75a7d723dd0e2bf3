#pragma once

#include <string>
#include <vector>

#include "cpu/decode.h"
#include "model/domain/cpu.h"

/// Between documents and sets of features.
namespace innkeeper::cpu {

/// Throw Error (internal_error), naming it.
const X86Model& known_model(std::string_view name);
std::size_t known_feature(std::string_view name);

/// The model's and those besides.
FeatureSet features_of(const X86Model& model, const std::vector<std::string>& besides);

/// Those that a guest's definition asks for: without what it switches off, and without what is optional.
FeatureSet features_of_guest(const model::Cpu& cpu);

/// As a definition says what differs from the model: what it has besides, then what it lacks.
std::vector<model::CpuFeature> features_in_words(const Decoded& decoded);

/// Names the features that the model implies, too; all of them by the alphabet.
void expand(model::Cpu& cpu);

}  // namespace innkeeper::cpu
