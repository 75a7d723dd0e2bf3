#include "drivers/qemu/emulated_cpu.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <boost/json/parse.hpp>

#include "base/error.h"
#include "cpu/x86_cpu.h"
#include "drivers/qemu/cpu_words.h"

namespace innkeeper::qemu {
namespace {

using model::Cpu;
using Policy = model::CpuFeature::Policy;

/// An emulator that can give what Penryn has and AES, and knows few models.
Capabilities small_emulator() {
    Capabilities all;
    all.arch = "x86_64";
    CpuExpansion most{.vendor = "GenuineIntel", .family = 6, .model = 23, .stepping = 3, .features = {"aes"}};
    for (const auto name : cpu::names_of(cpu::known_model("Penryn").features)) most.features.emplace(name);
    all.tcg_most = most;
    all.tcg_cpus = {{.name = "Penryn", .type = "", .unavailable = {}},
                    {.name = "qemu64", .type = "", .unavailable = {"svm"}},
                    {.name = "Westmere", .type = "", .unavailable = {"popcnt", "sse4.2"}}};
    return all;
}

class EmulatedCpuTest : public testing::Test {
  protected:
    Capabilities capabilities = small_emulator();
    EmulatedCpu emulated = *EmulatedCpu::of(capabilities, false);

    static Cpu custom(std::string model, std::vector<model::CpuFeature> features = {}) {
        Cpu cpu;
        cpu.mode = Cpu::Mode::custom;
        cpu.match = Cpu::Match::exact;
        cpu.check = Cpu::Check::none;
        cpu.model = std::move(model);
        cpu.features = std::move(features);
        return cpu;
    }
    static std::string told(const Cpu& cpu) {
        std::string text = cpu.model;
        for (const auto& feature : cpu.features)
            text += fmt::format(" {}:{}", feature.name, xml::name(*feature.policy));
        return text;
    }
    std::string refusal(const Cpu& cpu) const {
        try {
            settled_cpu(cpu, emulated);
        } catch (const Error& error) {
            return error.message();
        }
        return "";
    }
};

TEST_F(EmulatedCpuTest, HostModelIsTheNearestOfTheEmulatorsOwnModels) {
    EXPECT_EQ(told(emulated.host_model()), "Penryn aes:require");
    Cpu cpu;
    cpu.mode = Cpu::Mode::host_model;
    cpu.check = Cpu::Check::partial;
    cpu.features = {{"sse4.1", Policy::disable}, {"avx", Policy::optional}};
    EXPECT_EQ(told(settled_cpu(cpu, emulated)), "Penryn aes:require sse4.1:disable avx:disable");
    cpu.features = {{"avx", Policy::require}};
    EXPECT_EQ(refusal(cpu), "the CPU is incompatible with host CPU: Host CPU does not provide required features: avx");
}

TEST_F(EmulatedCpuTest, AModelThatTheEmulatorDoesNotKnowIsReplacedUnlessForbidden) {
    EXPECT_EQ(told(settled_cpu(custom("Conroe"), emulated)), "Penryn cx16:disable sse4.1:disable");
    Cpu cpu = custom("Conroe");
    cpu.fallback = Cpu::Fallback::forbid;
    EXPECT_EQ(refusal(cpu), "unsupported configuration: CPU model Conroe is not supported by hypervisor");
    EXPECT_EQ(refusal(custom("Penryn", {{"warp", Policy::require}})),
              "unsupported configuration: unknown CPU feature: warp");
    EXPECT_EQ(refusal(custom("Pentagon")), "internal error: Unknown CPU model Pentagon");
}

TEST_F(EmulatedCpuTest, WhatRunsSaysExactlyWhatItHas) {
    ToldFeatures told_by_qemu{cpu::known_model("Penryn").features, {}};
    told_by_qemu.enabled.set(cpu::known_feature("hypervisor"));
    told_by_qemu.enabled.reset(cpu::known_feature("ssse3"));
    Cpu cpu = custom("Penryn");
    const Cpu running = running_cpu(cpu, told_by_qemu);
    EXPECT_EQ(told(running), "Penryn ssse3:disable hypervisor:require");
    EXPECT_EQ(running.check, Cpu::Check::full);
    EXPECT_EQ(told(running_cpu(running, told_by_qemu)), told(running));
    cpu.check = Cpu::Check::full;
    EXPECT_THROW(running_cpu(cpu, told_by_qemu), Error);
}

TEST(CpuWords, AreUnderstoodByPlace) {
    const auto words = boost::json::parse(
        R"([{"cpuid-input-eax":1,"cpuid-register":"EDX","features":9},
            {"cpuid-input-eax":7,"cpuid-input-ecx":0,"cpuid-register":"EBX","features":8}, 3, {}])");
    const auto told = told_features(words, boost::json::array());
    ASSERT_TRUE(told);
    EXPECT_EQ(cpu::names_of(told->enabled), (std::vector<std::string_view>{"fpu", "pse", "bmi1"}));
    EXPECT_FALSE(told_features(boost::json::value(), words));
}

}  // namespace
}  // namespace innkeeper::qemu
