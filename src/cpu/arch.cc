#include "cpu/arch.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/error.h"
#include "cpu/x86.h"

namespace innkeeper::cpu {

namespace {

constexpr std::array<Ppc64Model, 7> ppc64_models{{
    {"POWER6", "IBM"},
    {"POWER7", "IBM"},
    {"POWER8", "IBM"},
    {"POWER9", "IBM"},
    {"POWER10", "IBM"},
    {"POWERPC_e5500", "Freescale"},
    {"POWERPC_e6500", "Freescale"},
}};

constexpr std::array<std::pair<std::string_view, Family>, 10> families{{
    {"x86_64", Family::x86},
    {"i686", Family::x86},
    {"ppc64", Family::ppc64},
    {"ppc64le", Family::ppc64},
    {"aarch64", Family::arm},
    {"armv7l", Family::arm},
    {"armv7b", Family::arm},
    {"armv6l", Family::arm},
    {"s390x", Family::s390},
    {"s390", Family::s390},
}};

}  // namespace

Family family_of(std::string_view arch) {
    for (const auto& [name, family] : families)
        if (name == arch) return family;
    throw Error(ErrorCode::no_support, ErrorDomain::cpu,
                fmt::format("'{}' architecture is not supported by CPU driver", arch));
}

const Ppc64Model* ppc64_model(std::string_view name) {
    const auto found = std::ranges::find(ppc64_models, name, &Ppc64Model::name);
    return found == ppc64_models.end() ? nullptr : &*found;
}

bool is_ppc64_vendor(std::string_view name) {
    return std::ranges::find(ppc64_models, name, &Ppc64Model::vendor) != ppc64_models.end();
}

std::vector<std::string_view> model_names(std::string_view arch) {
    std::vector<std::string_view> names;
    switch (family_of(arch)) {
        case Family::x86:
            for (const X86Model& model : x86_models()) names.push_back(model.name);
            break;
        case Family::ppc64:
            for (const Ppc64Model& model : ppc64_models) names.push_back(model.name);
            break;
        case Family::arm:
        case Family::s390:
            break;
    }
    return names;
}

}  // namespace innkeeper::cpu
