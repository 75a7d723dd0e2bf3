#include "drivers/qemu/abilities/abilities.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "base/error.h"
#include "base/files.h"
#include "drivers/qemu/abilities/arch.h"
#include "drivers/qemu/abilities/cache.h"
#include "drivers/qemu/abilities/peer_flags.h"
#include "loop/loop.h"

namespace innkeeper::qemu {
namespace {

/// A cache of its own, gone at the end.
class AbilitiesTest : public testing::Test {
  protected:
    void SetUp() override {
        std::string pattern = testing::TempDir() + "abilities-XXXXXX";
        ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
        directory = pattern;
    }
    void TearDown() override { std::filesystem::remove_all(directory); }

    CapabilitiesPtr ask(const std::string& binary) {
        Abilities abilities(directory, {});
        auto result = loop.run(abilities.of(binary));
        loop.run(abilities.close());
        return result;
    }
    std::string complaint(const std::string& binary) {
        Abilities abilities(directory, {});
        std::string text;
        try {
            loop.run(abilities.of(binary));
        } catch (const Error& error) {
            text = error.message();
        }
        loop.run(abilities.close());
        return text;
    }

    Loop loop;
    std::string directory;
};

class RealQemu : public AbilitiesTest {
  protected:
    void SetUp() override {
        AbilitiesTest::SetUp();
        binary = Abilities::binary_for("x86_64");
        if (binary.empty()) GTEST_SKIP() << "no emulator here";
    }
    std::string binary;
};

TEST_F(RealQemu, SaysWhatItCanDo) {
    const auto capabilities = ask(binary);
    EXPECT_EQ(capabilities->arch, "x86_64");
    EXPECT_GT(capabilities->version(), 5000000U);
    const MachineType* pc = capabilities->machine("pc");
    ASSERT_NE(pc, nullptr);
    EXPECT_THAT(pc->name, testing::StartsWith("pc-i440fx-"));
    EXPECT_EQ(pc->max_cpus, 255U);
    EXPECT_TRUE(pc->hotpluggable_cpus);
    EXPECT_EQ(capabilities->default_machine(), pc);
    EXPECT_TRUE(capabilities->has_type("virtio-blk-pci"));
    EXPECT_TRUE(capabilities->has_property("virtio-blk-pci", "queue-size"));
    EXPECT_TRUE(capabilities->has_command("blockdev-add"));
    EXPECT_TRUE(capabilities->has_schema("blockdev-add.file.filename"));
    EXPECT_TRUE(capabilities->has_schema("set-action.reboot=shutdown"));
    EXPECT_TRUE(capabilities->has_option("sandbox", "enable"));
    EXPECT_NE(capabilities->cpu_model("qemu64", false), nullptr);
}

TEST_F(RealQemu, IsDescribedInThePeersWords) {
    const auto flags = peer_flags(*ask(binary));
    for (const auto* word : {"virtio-scsi-pci", "object.qapified", "device.json+hotplug", "incremental-backup"})
        EXPECT_THAT(flags, testing::Contains(word));
    EXPECT_EQ(std::set(flags.begin(), flags.end()).size(), flags.size());
    EXPECT_THAT(peer_flags({}), testing::Not(testing::Contains("virtio-scsi-pci")));
}

TEST_F(RealQemu, IsNotAskedAgainWhileItIsTheSame) {
    const auto first = ask(binary);
    const auto file = cache_file(directory, binary);
    const auto written = std::filesystem::last_write_time(file);
    EXPECT_EQ(*ask(binary), *first);
    EXPECT_EQ(std::filesystem::last_write_time(file), written);
}

TEST_F(RealQemu, IsAskedAgainWhenTheCacheIsBroken) {
    const auto first = ask(binary);
    write_file(cache_file(directory, binary), "{\"fingerprint\":");
    EXPECT_EQ(*ask(binary), *first);
}

TEST_F(AbilitiesTest, ABinaryThatIsNoEmulatorIsNamed) {
    EXPECT_EQ(complaint("/bin/false"), "internal error: Failed to start QEMU binary /bin/false for probing: ");
    EXPECT_EQ(complaint("/bin/true"),
              "QEMU binary /bin/true ended well without having answered: No such file or directory");
    EXPECT_EQ(complaint("/nonexistent/qemu"), "Cannot check QEMU binary /nonexistent/qemu: No such file or directory");
    EXPECT_THAT(list_directory(directory), testing::IsEmpty());
}

TEST(Cache, GivesNothingForAnotherFingerprint) {
    Capabilities some{
        .binary = "/usr/bin/x", .major = 7, .minor = 2, .micro = 1, .package = "p", .arch = "x86_64", .kvm = true};
    some.machines.push_back({.name = "pc-1", .alias = "pc", .max_cpus = 3});
    some.tcg_cpus.push_back({.name = "max", .type = "max-cpu", .deprecated = false, .unavailable = {"a", "b"}});
    some.tcg_most = {.vendor = "AuthenticAMD", .family = 15, .model = 107, .stepping = 1, .features = {"aes", "avx"}};
    some.properties["device"] = {"a", "b"};
    const auto text = to_cache_text(some, "print");
    EXPECT_EQ(from_cache_text(text, "print"), some);
    EXPECT_EQ(from_cache_text(text, "other"), std::nullopt);
    EXPECT_EQ(from_cache_text(text.substr(0, text.size() / 2), "print"), std::nullopt);
    EXPECT_EQ(from_cache_text("[]", "print"), std::nullopt);
}

TEST(Capabilities, AnArmEmulatorHasADefaultMachineThoughQemuNamesNone) {
    Capabilities arm;
    arm.machines = {MachineType{.name = "virt-7.2"}, MachineType{.name = "integratorcp"}};
    ASSERT_NE(arm.default_machine(), nullptr);
    EXPECT_EQ(arm.default_machine()->name, "integratorcp");
    arm.machines.pop_back();
    EXPECT_EQ(arm.default_machine(), nullptr);
}

TEST(Arch, TranslatesBetweenXmlAndQemu) {
    EXPECT_EQ(arch_of_target("i386")->name, "i686");
    EXPECT_EQ(arch_of_name("i686")->target, "i386");
    EXPECT_EQ(arch_of_target("arm")->name, "armv7l");
    EXPECT_EQ(arch_of_name("vax"), nullptr);
}

}  // namespace
}  // namespace innkeeper::qemu
