#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "model/complete/implied.h"

namespace innkeeper::model {

namespace {

using testing::ElementsAre;

DomainDef with_devices(std::string_view devices) {
    return parse_domain(
        fmt::format("<domain type='test'><name>a</name><memory>1024</memory><os><type>hvm</type></os>"
                    "<devices>{}</devices></domain>",
                    devices));
}

std::vector<std::string> controllers(const DomainDef& def) {
    std::vector<std::string> all;
    for (const auto& controller : def.devices.controllers)
        all.push_back(fmt::format("{} {}", xml::name(controller.type), controller.index.value_or(99)));
    return all;
}

}  // namespace

TEST(Implied, ControllersOfATypeStandTogetherAndHaveNumbers) {
    auto def = with_devices(
        "<controller type='scsi' index='2'/><controller type='usb'/><controller type='scsi'/>"
        "<controller type='scsi' index='1'/>");
    number_controllers(def);
    EXPECT_THAT(controllers(def), ElementsAre("scsi 1", "scsi 2", "scsi 0", "usb 0"));
}

TEST(Implied, TheRootOfAPciTopologyIsTheFirst) {
    auto def =
        with_devices("<controller type='pci' model='pcie-root-port'/><controller type='pci' model='pcie-root'/>");
    number_controllers(def);
    EXPECT_THAT(controllers(def), ElementsAre("pci 1", "pci 0"));
}

TEST(Implied, DisksSitWhereTheirNamesSay) {
    auto def = with_devices(
        "<disk type='file'><source file='/a'/><target dev='hdc'/></disk>"
        "<disk type='file'><source file='/b'/><target dev='sdh'/></disk>");
    assign_drive_addresses(def);
    add_implied_controllers(def);
    EXPECT_EQ(*def.devices.disks[0].info.at<DriveAddress>(), (DriveAddress{0, 1, 0, 0}));
    EXPECT_EQ(*def.devices.disks[1].info.at<DriveAddress>(), (DriveAddress{1, 0, 0, 0}));
    EXPECT_THAT(controllers(def), ElementsAre("scsi 0", "scsi 1", "ide 0"));
}

TEST(Implied, NamesOfDisksAreNumbers) {
    EXPECT_EQ(disk_index("hda"), 0U);
    EXPECT_EQ(disk_index("sdaa"), 26U);
    EXPECT_EQ(disk_index("vdb3"), 1U);
    EXPECT_EQ(disk_index("hd"), std::nullopt);
    EXPECT_EQ(disk_index("hdaaaaaaaaaaaaaaa"), std::nullopt);
}

TEST(Implied, AConsoleIsASerialLine) {
    auto def = with_devices("<console type='pty'/>");
    pair_console_with_serial(def);
    number_chardevs(def);
    ASSERT_EQ(def.devices.serials.size(), 1U);
    EXPECT_EQ(def.devices.serials[0].port, 0U);
    EXPECT_EQ(def.devices.consoles[0].target, Console::Target::serial);
}

TEST(Implied, MemoryIsOnlyForNodesThatThereAre) {
    auto def = with_devices("<memory model='dimm'><target><size>1</size><node>1</node></target></memory>");
    EXPECT_THROW(check_guest(def), Error);
}

}  // namespace innkeeper::model
