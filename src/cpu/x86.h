#pragma once

#include <bitset>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// What is known of x86 processors by name. The names, and which features belong to which model, are the contract with
/// clients and with other daemons; the tables are made by `tools/cpu_models.py`. Nothing is built before somebody asks.
namespace innkeeper::cpu {

enum class Register : std::uint8_t { eax, ebx, ecx, edx, msr };

/// Where the processor says that it has a feature: a bit of CPUID's answer, or of the model-specific register `leaf`.
struct Bit {
    std::uint32_t leaf = 0, subleaf = 0;
    Register word = Register::eax;
    unsigned number = 0;
};

struct X86Feature {
    enum Kind : std::uint8_t {
        ordinary,
        host_only,   ///< the hypervisor never gives it to a guest; left out of what is recommended
        stays_home,  ///< a guest that has it can't be moved
    };
    std::string_view name;
    Bit bit;
    Kind kind = ordinary;
};

/// In the order in which they are listed everywhere.
std::span<const X86Feature> x86_features();
std::optional<std::size_t> x86_feature(std::string_view name);

/// By place in `x86_features`.
using FeatureSet = std::bitset<256>;
std::vector<std::string_view> names_of(const FeatureSet& set);
FeatureSet of_kind(X86Feature::Kind kind);

struct X86Model {
    std::string_view name;
    std::string_view vendor;  ///< empty: anybody's
    bool is_decoded = true;   ///< a CPU can be found to be one; the others are only names that a definition may use
    FeatureSet features;
    FeatureSet removed;           ///< were part of the model once and are said in so many words, one way or the other
    std::string_view signatures;  ///< "6/85/0-4": family, model and perhaps steppings
};

/// In the order in which they are listed, oldest first.
std::span<const X86Model> x86_models();
const X86Model* x86_model(std::string_view name);
bool is_x86_vendor(std::string_view name);

}  // namespace innkeeper::cpu
