#include <algorithm>

#include "drivers/qemu/complete/steps.h"

namespace innkeeper::qemu {

using model::Controller;
using model::SpaprVioAddress;

/// The SCSI controllers of POWER's virtual bus, which has registers instead of slots.
void assign_spapr_addresses(Completion& it) {
    auto& controllers = it.def.devices.controllers;
    const auto is_taken = [&](std::uint64_t reg) {
        return std::ranges::any_of(controllers, [&](const Controller& other) {
            const auto* at = other.info.at<SpaprVioAddress>();
            return at && at->reg == reg;
        });
    };
    for (Controller& controller : controllers) {
        if (controller.model != Controller::Model::ibmvscsi || controller.info.has_address()) continue;
        std::uint64_t reg = 0x2000;
        while (is_taken(reg)) reg += 0x1000;
        controller.info.address = SpaprVioAddress{.reg = reg};
    }
}

}  // namespace innkeeper::qemu
