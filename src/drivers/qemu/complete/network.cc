#include <algorithm>
#include <cctype>
#include <string_view>

#include "drivers/qemu/complete/steps.h"

namespace innkeeper::qemu {

using model::Interface;
using model::MacAddress;

namespace {

/// QEMU's own prefix, and three bytes that nobody else has.
MacAddress generated_address(std::mt19937_64& random) {
    MacAddress mac;
    mac.bytes = {0x52, 0x54, 0x00};
    for (unsigned i = 3; i < 6; ++i) mac.bytes[i] = static_cast<std::uint8_t>(random() & 0xff);
    return mac;
}

/// Models are known by their names whatever the case of the letters.
std::string canonical(const std::string& model) {
    constexpr std::string_view known[] = {"rtl8139",  "virtio",     "virtio-transitional",
                                          "e1000",    "e1000e",     "virtio-non-transitional",
                                          "usb-net",  "spapr-vlan", "vmxnet3",
                                          "netfront", "lan9118",    "smc91c111"};
    const auto same = [](char a, char b) { return std::tolower(static_cast<unsigned char>(a)) == b; };
    for (const std::string_view name : known)
        if (std::ranges::equal(model, name, same)) return std::string(name);
    return model;
}

std::string default_card(const Completion& it) {
    if (it.capabilities.has_type("rtl8139")) return "rtl8139";
    if (it.capabilities.has_type("e1000")) return "e1000";
    if (it.capabilities.has_type("virtio-net-pci")) return "virtio";
    return {};
}

}  // namespace

void settle_interfaces(Completion& it) {
    for (Interface& card : it.def.devices.interfaces) {
        if (!card.mac) card.mac = generated_address(it.random);
        if (card.type == Interface::Type::hostdev) continue;
        card.model = canonical(card.model);
        if (!card.is_virtio()) {
            // Nothing of this can be said to a card that QEMU emulates in full.
            card.driver = {};
            card.backend_vhost.clear();
        }
        if (card.driver.queues == 1u) card.driver.queues.reset();
        if (card.type == Interface::Type::vhostuser) card.filter.reset();
        if (card.model.empty())
            card.model = card.type == Interface::Type::vdpa || card.type == Interface::Type::vhostuser
                             ? "virtio"
                             : default_card(it);
    }
}

}  // namespace innkeeper::qemu
