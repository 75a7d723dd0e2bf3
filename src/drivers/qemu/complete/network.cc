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
        if (card.model.empty())
            card.model = card.type == Interface::Type::vdpa || card.type == Interface::Type::vhostuser
                             ? "virtio"
                             : default_card(it);
    }
}

}  // namespace innkeeper::qemu
