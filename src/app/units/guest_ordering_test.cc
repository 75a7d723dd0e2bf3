#include "app/units/guest_ordering.h"

#include <gmock/gmock.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace innkeeper::app {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class Host : public testing::Test {
  protected:
    Host() {
        char name[] = "/tmp/ik-units-XXXXXX";
        root_ = ::mkdtemp(name);
    }
    ~Host() override { std::filesystem::remove_all(root_); }

    void install(const std::string& unit, const std::string& folder = "/usr/lib/systemd/system") {
        std::filesystem::create_directories(root_ + folder);
        std::ofstream(root_ + folder + "/" + unit) << "[Unit]\n";
    }
    void mask(const std::string& unit, const std::string& folder = "/etc/systemd/system") {
        std::filesystem::create_directories(root_ + folder);
        std::filesystem::create_symlink("/dev/null", root_ + folder + "/" + unit);
    }
    GuestOrdering ordering() const { return guest_ordering(UnitFolders(root_)); }

    std::string root_;
};

TEST_F(Host, WithoutDaemonsOrdersNothing) { EXPECT_EQ(ordering(), GuestOrdering{}); }

TEST_F(Host, WithAnActivatedDaemonOrdersTheServiceThroughTheTargetAlone) {
    install("libvirtd.service");
    install("libvirtd.socket");
    EXPECT_THAT(ordering().after_of_service, ElementsAre("libvirtd.socket"));
    EXPECT_THAT(ordering().after_of_target, ElementsAre("libvirtd.service", "libvirtd.socket"));
    EXPECT_THAT(ordering().traditional, IsEmpty());
}

TEST_F(Host, WithMaskedSocketsOrdersTheServiceDirectly) {
    install("libvirtd.service");
    install("libvirtd.socket");
    mask("libvirtd.socket");
    EXPECT_THAT(ordering().after_of_service, ElementsAre("libvirtd.service"));
    EXPECT_THAT(ordering().after_of_target, ElementsAre("libvirtd.service"));
    EXPECT_THAT(ordering().traditional, ElementsAre("libvirtd"));
    EXPECT_THAT(drop_in_to_stay("libvirtd"), testing::EndsWith("\n[Service]\nEnvironment=LIBVIRTD_ARGS=\n"));
}

TEST_F(Host, TakesAMaskUntilTheNextBootAsAMask) {
    install("libvirtd.service");
    install("libvirtd.socket");
    mask("libvirtd.socket", "/run/systemd/system");
    EXPECT_THAT(ordering().after_of_service, ElementsAre("libvirtd.service"));
}

TEST_F(Host, TakesAnAdministratorsUnitBeforeTheDistributions) {
    install("libvirtd.service");
    install("libvirtd.socket", "/etc/systemd/system");
    mask("libvirtd.socket", "/run/systemd/system");
    EXPECT_THAT(ordering().after_of_service, ElementsAre("libvirtd.socket"));
}

TEST_F(Host, KnowsNothingOfADaemonThatIsMasked) {
    install("libvirtd.service");
    install("libvirtd.socket");
    mask("libvirtd.service");
    EXPECT_EQ(ordering(), GuestOrdering{});
}

TEST_F(Host, WithModularDaemonsAsksThoseThatRunGuestsAndKeepsThoseThatTheyNeed) {
    for (const auto* daemon : {"virtqemud", "virtnetworkd"}) {
        install(std::string(daemon) + ".service");
        install(std::string(daemon) + ".socket");
    }
    EXPECT_THAT(ordering().after_of_service, ElementsAre("virtqemud.socket"));
    EXPECT_THAT(ordering().after_of_target,
                ElementsAre("virtqemud.service", "virtqemud.socket", "virtnetworkd.service", "virtnetworkd.socket"));
}

TEST(DropIn, HasALineForEachUnit) {
    EXPECT_THAT(drop_in({"a.service", "b.socket"}), testing::EndsWith("[Unit]\nAfter=a.service\nAfter=b.socket\n"));
}

}  // namespace
}  // namespace innkeeper::app
