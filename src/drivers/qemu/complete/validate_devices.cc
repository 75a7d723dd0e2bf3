#include <fmt/format.h>

#include "base/error.h"
#include "drivers/qemu/complete/steps.h"

namespace innkeeper::qemu {

void validate_devices(const Completion& it) { (void)it; }

void validate_addresses(const Completion& it) {
    for (const model::Controller& controller : it.def.devices.controllers)
        if (controller.type == model::Controller::Type::pci && controller.info.has_address() &&
            (controller.model == model::Controller::Model::pci_root ||
             controller.model == model::Controller::Model::pcie_root))
            throw Error(ErrorCode::config_unsupported, ErrorDomain::domain,
                        "pci-root and pcie-root controllers should not have an address");
}

}  // namespace innkeeper::qemu
