#include "host/cpuid.h"

#if defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>
#endif

namespace innkeeper::host {

std::optional<CpuidWords> cpuid([[maybe_unused]] std::uint32_t leaf, [[maybe_unused]] std::uint32_t subleaf) {
#if defined(__x86_64__) || defined(__i386__)
    CpuidWords words;
    if (__get_cpuid_count(leaf, subleaf, &words.eax, &words.ebx, &words.ecx, &words.edx)) return words;
#endif
    return std::nullopt;
}

}  // namespace innkeeper::host
