#include "drivers/qemu/abilities/cpu_features.h"

#include <algorithm>
#include <array>

namespace innkeeper::qemu {

std::string qemu_feature(std::string_view name) {
    static constexpr std::array<std::pair<std::string_view, std::string_view>, 3> others{{
        {"pclmuldq", "pclmulqdq"},
        {"lahf_lm", "lahf-lm"},
        {"ffxsr", "fxsr-opt"},
    }};
    for (const auto& [ours, theirs] : others)
        if (ours == name) return std::string(theirs);
    std::string out(name);
    std::ranges::replace(out, '_', '-');
    return out;
}

std::string_view vendor_of_qemu(std::string_view signature) {
    static constexpr std::array<std::pair<std::string_view, std::string_view>, 3> vendors{{
        {"GenuineIntel", "Intel"},
        {"AuthenticAMD", "AMD"},
        {"HygonGenuine", "Hygon"},
    }};
    for (const auto& [theirs, ours] : vendors)
        if (theirs == signature) return ours;
    return {};
}

}  // namespace innkeeper::qemu
