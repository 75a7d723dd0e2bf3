#include "drivers/qemu/migratable.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace innkeeper::qemu {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string told(const std::string& devices) {
    const auto def = model::parse_domain(
        "<domain type='qemu'><name>a</name><memory>65536</memory><os><type "
        "arch='x86_64' machine='pc'>hvm</type></os><devices>" +
        devices + "</devices></domain>");
    return model::format_domain(migratable(def), {.inactive = true, .secure = true, .migratable = true});
}

constexpr const char* usb = "<controller type='usb' index='0' model='piix3-uhci'/>";
constexpr const char* root = "<controller type='pci' index='0' model='pci-root'/>";

TEST(Migratable, LeavesOutWhatEveryMachineHas) {
    const auto text =
        told(std::string(usb) + root + "<input type='mouse' bus='ps2'/><input type='keyboard' bus='ps2'/>" +
             "<audio id='1' type='none'/>");
    EXPECT_THAT(text, Not(HasSubstr("<controller")));
    EXPECT_THAT(text, Not(HasSubstr("keyboard")));
    EXPECT_THAT(text, HasSubstr("mouse"));
    EXPECT_THAT(text, Not(HasSubstr("<audio")));
}

TEST(Migratable, KeepsWhatIsNotAlone) {
    const auto text = told(std::string(usb) + root + "<controller type='usb' index='1' model='ich9-ehci1'/>" +
                           "<controller type='pci' index='1' model='pci-bridge'/>");
    EXPECT_THAT(text, HasSubstr("piix3-uhci"));
    EXPECT_THAT(text, HasSubstr("pci-root"));
}

TEST(Migratable, KeepsWhatTheUserSaidOfIt) {
    EXPECT_THAT(told("<controller type='pci' index='0' model='pci-root'><pcihole64 unit='KiB'>1048576</pcihole64>"
                     "</controller>"),
                HasSubstr("pci-root"));
    EXPECT_THAT(told("<controller type='usb' index='0' model='piix3-uhci'><alias name='ua-x'/></controller>"),
                HasSubstr("piix3-uhci"));
}

TEST(Migratable, SaysOfScreensWhatOlderVersionsUnderstand) {
    const auto silent = told("<graphics type='spice'><listen type='none'/></graphics><audio id='1' type='spice'/>");
    EXPECT_THAT(silent, HasSubstr("<graphics type='spice' autoport='no'/>"));
    EXPECT_THAT(silent, Not(HasSubstr("<audio")));
    const auto socket = told("<graphics type='vnc'><listen type='socket' socket='/x'/></graphics>");
    EXPECT_THAT(socket, HasSubstr("<graphics type='vnc' socket='/x'/>"));
    EXPECT_THAT(told("<graphics type='spice'/><audio id='1' type='none'/>"), HasSubstr("<audio id='1' type='none'/>"));
}

TEST(Migratable, ForgetsThePathsThatAStartMade) {
    const auto channel = [](const std::string& path) {
        return told("<channel type='unix'><source mode='bind' path='" + path +
                    "'/><target type='virtio' name='org.qemu.guest_agent.0'/></channel>");
    };
    EXPECT_THAT(channel("/var/lib/libvirt/qemu/channel/target/domain-3-a/org.qemu.guest_agent.0"),
                Not(HasSubstr("path=")));
    EXPECT_THAT(channel("/tmp/mine"), HasSubstr("path='/tmp/mine'"));
}

}  // namespace
}  // namespace innkeeper::qemu
