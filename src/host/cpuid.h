#pragma once

#include <cstdint>
#include <optional>

/// What an x86 processor says of itself.
namespace innkeeper::host {

struct CpuidWords {
    std::uint32_t eax = 0, ebx = 0, ecx = 0, edx = 0;
};

/// Nothing on another architecture, or if the processor does not know that leaf.
std::optional<CpuidWords> cpuid(std::uint32_t leaf, std::uint32_t subleaf = 0);

}  // namespace innkeeper::host
