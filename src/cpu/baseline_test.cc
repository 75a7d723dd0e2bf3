#include "cpu/baseline.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace innkeeper::cpu {
namespace {

using model::Cpu;
using model::HostCpu;

HostCpu host(std::string model, std::vector<std::string> features = {}, std::string vendor = {},
             std::string arch = "x86_64") {
    HostCpu cpu;
    cpu.arch = std::move(arch);
    cpu.model = std::move(model);
    cpu.vendor = std::move(vendor);
    cpu.features = std::move(features);
    return cpu;
}

/// "Penryn +aes -sse", with "?" behind a model that may be replaced.
std::string told(const Cpu& cpu) {
    std::string text = cpu.model + (cpu.fallback == Cpu::Fallback::allow ? "?" : "");
    for (const auto& feature : cpu.features)
        text += (feature.policy == model::CpuFeature::Policy::disable ? " -" : " +") + feature.name;
    return text;
}
std::string told(const std::vector<HostCpu>& cpus, const BaselineOptions& options = {}) {
    return told(baseline(cpus, options));
}

std::string refusal(const std::vector<HostCpu>& cpus) {
    try {
        baseline(cpus, {});
    } catch (const Error& error) {
        return error.message();
    }
    return "";
}

TEST(Baseline, OneCpuKeepsItsModelHoweverMuchItHasBesides) {
    EXPECT_EQ(told({host("486", {"avx2", "aes", "osxsave"})}), "486 +aes +avx2");
}

TEST(Baseline, ModelsThatAreOnlyNamesAreToldAsOthers) {
    EXPECT_EQ(told({host("cpu64-rhel6")}), "kvm64? +lahf_lm");
    EXPECT_EQ(told({host("Skylake-Client-noTSX-IBRS")}), "Skylake-Client-IBRS? -hle -rtm");
}

TEST(Baseline, IsTheModelWithTheLeastToSay) {
    EXPECT_EQ(told({host("Haswell"), host("Nehalem")}), "Nehalem?");
    EXPECT_EQ(told({host("Icelake-Server"), host("Cooperlake")}), "Cascadelake-Server? +pku -mpx");
    EXPECT_EQ(told({host("EPYC"), host("Haswell")}),
              "SandyBridge? +fma +movbe +fsgsbase +bmi1 +avx2 +smep +bmi2 -x2apic -tsc-deadline");
}

TEST(Baseline, TheLastVendorDecidesWhoseModelItIs) {
    EXPECT_EQ(told({host("Dhyana"), host("EPYC")}), "EPYC? -pclmuldq -aes -sha-ni -monitor");
    EXPECT_EQ(refusal({host("EPYC", {}, "AMD"), host("Haswell")}), "operation failed: CPU vendors do not match");
    EXPECT_EQ(refusal({host("EPYC"), host("Haswell", {}, "AMD")}),
              "operation failed: CPU vendor Intel of model Haswell differs from vendor AMD");
    EXPECT_EQ(refusal({host("EPYC", {}, "Acme")}), "operation failed: Unknown CPU vendor Acme");
}

TEST(Baseline, WhatAModelOnceHadIsSaidEitherWay) {
    EXPECT_EQ(told({host("EPYC")}), "EPYC -monitor");
    EXPECT_EQ(told({host("EPYC", {"monitor"})}), "EPYC +monitor");
}

TEST(Baseline, MigratableLeavesOutWhatStaysHome) {
    EXPECT_EQ(told({host("Penryn", {"invtsc", "aes"})}, {.migratable = true}), "Penryn +aes");
}

TEST(Baseline, ExpandedNamesEverythingByTheAlphabet) {
    EXPECT_EQ(told({host("pentium", {"aes"})}, {.expand = true}),
              "pentium +aes +cx8 +de +fpu +mce +mmx +msr +pse +tsc +vme");
}

TEST(Baseline, OtherArchitecturesHaveTheirOwnWays) {
    EXPECT_EQ(told({host("POWER8", {}, {}, "ppc64"), host("POWER8", {}, "IBM", "ppc64le")}), "POWER8");
    EXPECT_EQ(refusal({host("POWER8", {}, {}, "ppc64"), host("POWER9", {}, {}, "ppc64")}),
              "operation failed: CPUs are incompatible");
    EXPECT_EQ(told({host("cortex-a57", {"aes"}, {}, "aarch64")}), "cortex-a57?");
    EXPECT_EQ(refusal({host("z13", {}, {}, "s390x")}),
              "this function is not supported by the connection driver: cannot compute baseline CPU of s390x "
              "architecture");
    EXPECT_EQ(refusal({host("rv64", {}, {}, "riscv64")}),
              "this function is not supported by the connection driver: 'riscv64' architecture is not supported by "
              "CPU driver");
}

}  // namespace
}  // namespace innkeeper::cpu
