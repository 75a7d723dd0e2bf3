#pragma once

#include <string_view>
#include <vector>

/// Which architectures have CPUs that something is known of.
namespace innkeeper::cpu {

enum class Family { x86, ppc64, arm, s390 };

/// Throws Error (no_support) for any other.
Family family_of(std::string_view arch);

struct Ppc64Model {
    std::string_view name, vendor;
};
const Ppc64Model* ppc64_model(std::string_view name);
bool is_ppc64_vendor(std::string_view name);

/// The names of CPU models that a definition of this architecture can use, oldest first. Empty where any name goes.
std::vector<std::string_view> model_names(std::string_view arch);

}  // namespace innkeeper::cpu
