#include <algorithm>

#include "drivers/qemu/complete/steps.h"

namespace innkeeper::qemu {

using model::Controller;
using model::SpaprVioAddress;

namespace {

/// Each kind has its first register, and further ones in steps.
template <class Device>
void assign(std::vector<Device>& devices, std::uint64_t first, bool (*belongs)(const Device&)) {
    const auto is_taken = [&](std::uint64_t reg) {
        return std::ranges::any_of(devices, [&](const Device& other) {
            const auto* at = other.info.template at<SpaprVioAddress>();
            return at && at->reg == reg;
        });
    };
    for (Device& device : devices) {
        const auto* at = device.info.template at<SpaprVioAddress>();
        if (at ? at->reg.has_value() : device.info.has_address() || !belongs(device)) continue;
        std::uint64_t reg = first;
        while (is_taken(reg)) reg += 0x1000;
        device.info.address = SpaprVioAddress{.reg = reg};
    }
}

}  // namespace

/// Cards and SCSI controllers on POWER's virtual bus, which has registers instead of slots.
void assign_spapr_addresses(Completion& it) {
    assign<model::Interface>(it.def.devices.interfaces, 0x1000,
                             [](const model::Interface& card) { return card.model == "spapr-vlan"; });
    assign<Controller>(it.def.devices.controllers, 0x2000,
                       [](const Controller& controller) { return controller.model == Controller::Model::ibmvscsi; });
}

}  // namespace innkeeper::qemu
