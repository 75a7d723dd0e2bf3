#include "drivers/qemu/cpu_names.h"

#include <fmt/format.h>

#include "base/error.h"
#include "drivers/qemu/abilities/arch.h"

namespace innkeeper::qemu {

namespace {

constexpr std::string_view x86[] = {"486",
                                    "pentium",
                                    "pentium2",
                                    "pentium3",
                                    "pentiumpro",
                                    "coreduo",
                                    "n270",
                                    "core2duo",
                                    "qemu32",
                                    "kvm32",
                                    "cpu64-rhel5",
                                    "cpu64-rhel6",
                                    "qemu64",
                                    "kvm64",
                                    "Conroe",
                                    "Penryn",
                                    "Nehalem",
                                    "Nehalem-IBRS",
                                    "Westmere",
                                    "Westmere-IBRS",
                                    "SandyBridge",
                                    "SandyBridge-IBRS",
                                    "IvyBridge",
                                    "IvyBridge-IBRS",
                                    "Haswell-noTSX",
                                    "Haswell-noTSX-IBRS",
                                    "Haswell",
                                    "Haswell-IBRS",
                                    "Broadwell-noTSX",
                                    "Broadwell-noTSX-IBRS",
                                    "Broadwell",
                                    "Broadwell-IBRS",
                                    "Skylake-Client",
                                    "Skylake-Client-IBRS",
                                    "Skylake-Client-noTSX-IBRS",
                                    "Skylake-Server",
                                    "Skylake-Server-IBRS",
                                    "Skylake-Server-noTSX-IBRS",
                                    "Cascadelake-Server",
                                    "Cascadelake-Server-noTSX",
                                    "Icelake-Client",
                                    "Icelake-Client-noTSX",
                                    "Icelake-Server",
                                    "Icelake-Server-noTSX",
                                    "Cooperlake",
                                    "Snowridge",
                                    "athlon",
                                    "phenom",
                                    "Opteron_G1",
                                    "Opteron_G2",
                                    "Opteron_G3",
                                    "Opteron_G4",
                                    "Opteron_G5",
                                    "EPYC",
                                    "EPYC-IBPB",
                                    "EPYC-Rome",
                                    "EPYC-Milan",
                                    "Dhyana"};
constexpr std::string_view ppc64[] = {"POWER6",  "POWER7",        "POWER8",       "POWER9",
                                      "POWER10", "POWERPC_e5500", "POWERPC_e6500"};

}  // namespace

std::span<const std::string_view> cpu_names(std::string_view arch) {
    if (arch == "x86_64" || arch == "i686") return x86;
    if (arch == "ppc64" || arch == "ppc64le") return ppc64;
    if (arch == "aarch64" || arch == "armv7l" || arch == "armv6l" || arch == "s390x") return {};
    if (arch_of_name(arch) == nullptr)
        throw Error(ErrorCode::invalid_arg, ErrorDomain::qemu, fmt::format("cannot find architecture {}", arch));
    throw Error(ErrorCode::no_support, ErrorDomain::cpu,
                fmt::format("'{}' architecture is not supported by CPU driver", arch));
}

}  // namespace innkeeper::qemu
