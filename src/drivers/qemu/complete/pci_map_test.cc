#include "drivers/qemu/complete/pci_map.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"

namespace innkeeper::qemu {
namespace {

constexpr PciNeed conventional{PciPlug::conventional};
constexpr PciNeed express{PciPlug::express};

PciMap board(PciBus root, PciMap::Growth growth) {
    PciMap map(growth);
    map.add_bus(0, root);
    map.settle();
    return map;
}

template <class Action>
std::string complaint(Action action) {
    try {
        action();
    } catch (const Error& error) {
        return error.message();
    }
    return "";
}

TEST(PciMap, StartsBehindTheHostBridge) {
    PciMap map = board(PciBus::pci_root, PciMap::Growth::fixed);
    EXPECT_EQ(map.take_next(conventional), (PciPlace{0, 1, 0}));
    EXPECT_EQ(map.take_next(conventional), (PciPlace{0, 2, 0}));
}

TEST(PciMap, IsFullWithThirtyOneDevices) {
    PciMap map = board(PciBus::pci_root, PciMap::Growth::fixed);
    for (unsigned slot = 1; slot <= 31; ++slot) map.take_next(conventional);
    EXPECT_FALSE(map.has_any_free_slot());
    EXPECT_EQ(complaint([&] { map.take_next(conventional); }), "internal error: No more available PCI slots");
}

TEST(PciMap, GrowsABridgeWhenThereIsNoPlaceLeft) {
    PciMap map = board(PciBus::pci_root, PciMap::Growth::on_demand);
    for (unsigned slot = 1; slot <= 31; ++slot) map.take_next(conventional);
    EXPECT_EQ(map.take_next(conventional), (PciPlace{1, 1, 0}));
    EXPECT_EQ(map.model(1), PciBus::pci_bridge);
}

TEST(PciMap, GivesEveryExpressDeviceAPort) {
    PciMap map = board(PciBus::pcie_root, PciMap::Growth::on_demand);
    EXPECT_EQ(map.take_next(express), (PciPlace{1, 0, 0}));
    EXPECT_EQ(map.take_next(express), (PciPlace{2, 0, 0}));
    EXPECT_EQ(map.model(2), PciBus::pcie_root_port);
}

TEST(PciMap, PutsEightPortsIntoOneSlot) {
    PciMap map = board(PciBus::pcie_root, PciMap::Growth::fixed);
    const PciNeed port = need_of(PciBus::pcie_root_port);
    for (unsigned function = 0; function < 8; ++function) EXPECT_EQ(map.take_next(port), (PciPlace{0, 1, function}));
    EXPECT_EQ(map.take_next(port), (PciPlace{0, 2, 0}));
    EXPECT_TRUE(map.shares_slot({0, 1, 0}));
    EXPECT_FALSE(map.shares_slot({0, 2, 0}));
}

TEST(PciMap, ReachesConventionalDevicesThroughABridgeBehindAPort) {
    PciMap map = board(PciBus::pcie_root, PciMap::Growth::on_demand);
    EXPECT_EQ(map.take_next(conventional), (PciPlace{2, 1, 0}));
    EXPECT_EQ(map.model(1), PciBus::pcie_root_port);
    EXPECT_EQ(map.model(2), PciBus::pcie_to_pci_bridge);
}

TEST(PciMap, RefusesWhatCannotBePluggedThere) {
    PciMap map = board(PciBus::pci_root, PciMap::Growth::fixed);
    EXPECT_EQ(complaint([&] { map.reserve({0, 5, 0}, need_of(PciBus::pcie_root_port), true); }),
              "XML error: The device at PCI address 0000:00:05.0 cannot be plugged into the PCI controller with "
              "index='0'. It requires a controller that accepts a pcie-root-port.");
    EXPECT_EQ(complaint([&] { map.reserve({0, 0, 1}, conventional, true); }),
              "XML error: Invalid PCI address 0000:00:00.1. slot must be >= 1");
    map.reserve({0, 5, 0}, conventional, true);
    EXPECT_EQ(complaint([&] { map.reserve({0, 5, 0}, conventional, true); }),
              "XML error: Attempted double use of PCI Address 0000:00:05.0");
}

TEST(PciMap, LetsTheUserMixTheKindsOfEndpoints) {
    PciMap map = board(PciBus::pcie_root, PciMap::Growth::fixed);
    map.reserve({0, 5, 0}, conventional, true);
    EXPECT_TRUE(map.slot_in_use(0, 5));
}

TEST(PciMap, NeedsABus) {
    PciMap map(PciMap::Growth::on_demand);
    EXPECT_EQ(complaint([&] { map.take_next(conventional); }), "XML error: No PCI buses available");
}

}  // namespace
}  // namespace innkeeper::qemu
