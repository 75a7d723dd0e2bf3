#include "drivers/nodedev/catalog.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "drivers/nodedev/requests.h"

namespace innkeeper::nodedev {
namespace {

using namespace model::nodedev;

Device device(std::string name, std::string path, Capability capability = {Drm{}}) {
    return {.name = std::move(name), .path = std::move(path), .capabilities = {std::move(capability)}};
}
Device adapter(std::string name, std::string wwnn, bool has_vports) {
    ScsiHost host{.host = 1, .capabilities = {{FcHost{wwnn, "port", "fabric"}}}};
    if (has_vports) host.capabilities.push_back({VportOperations{}});
    return device(std::move(name), "", {std::move(host)});
}

TEST(Catalog, HangsADeviceOnTheNearestThatIsKnown) {
    Catalog catalog;
    catalog.put(device("pci_a", "/sys/devices/pci0/a"));
    EXPECT_EQ(catalog.put(device("block_b", "/sys/devices/pci0/a/virtio1/block/b"))->parent.name, "pci_a");
    EXPECT_EQ(catalog.put(device("net_lo", "/sys/devices/virtual/net/lo"))->parent.name, "computer");
    EXPECT_EQ(catalog.put(device("computer", ""))->parent.name, "");
}

TEST(Catalog, OneThatGotAnotherNameIsStillOne) {
    Catalog catalog;
    catalog.put(device("net_a_01", "/sys/devices/a"));
    catalog.put(device("net_a_02", "/sys/devices/a"));
    EXPECT_EQ(catalog.all().size(), 1U);
    EXPECT_EQ(catalog.by_path("/sys/devices/a")->name, "net_a_02");
    EXPECT_THROW(catalog.find("net_a_01"), Error);
    catalog.remove(*catalog.find("net_a_02"));
    EXPECT_EQ(catalog.by_path("/sys/devices/a"), nullptr);
}

TEST(Catalog, FindsTheAdapterForAVirtualPort) {
    Catalog catalog;
    catalog.put(device("computer", ""));
    catalog.put(adapter("scsi_host1", "one", false));
    catalog.put(adapter("scsi_host2", "two", true));
    const auto chosen = [&catalog](Parent parent) -> std::string {
        try {
            return vport_parent(catalog, {.parent = std::move(parent)})->name;
        } catch (const Error& error) {
            return error.message();
        }
    };
    EXPECT_EQ(chosen({}), "scsi_host2");
    EXPECT_EQ(chosen({.wwnn = "two", .wwpn = "port"}), "scsi_host2");
    EXPECT_EQ(chosen({.fabric_wwn = "fabric"}), "scsi_host2");
    EXPECT_EQ(chosen({.wwnn = "three", .wwpn = "port"}),
              "internal error: Could not find parent device for 'new device'");
    EXPECT_EQ(chosen({.name = "scsi_host1"}),
              "internal error: Parent device scsi_host1 is not capable of vport operations");
    EXPECT_EQ(chosen({.name = "computer"}),
              "internal error: Parent device computer is not capable of vport operations");
}

}  // namespace
}  // namespace innkeeper::nodedev
