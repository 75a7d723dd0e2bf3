#include "base/error.h"
#include "drivers/qemu/driver.h"
#include "drivers/qemu/machine.h"
#include "drivers/qemu/screens.h"

/// The ports of guests' screens.
namespace innkeeper::qemu {

/// Ports that are to be found at a start are found; the others are noted as taken.
void Driver::lease_ports(model::DomainDef& def, QemuMachine& machine) {
    for (auto& graphics : def.devices.graphics) {
        const bool listens =
            graphics.type == model::Graphics::Type::vnc || graphics.type == model::Graphics::Type::spice;
        const bool by_port = graphics.listens.empty() ||
                             graphics.listens.front().type == model::GraphicsListen::Type::address ||
                             graphics.listens.front().type == model::GraphicsListen::Type::network;
        if (!listens || !by_port) continue;
        if (graphics.autoport.value_or(false) || graphics.port.value_or(0) < 0) {
            auto [port, lease] = screens_.take();
            graphics.port = static_cast<int>(port);
            machine.leases.push_back(std::move(lease));
        } else if (graphics.port.value_or(0) > 0) {
            machine.leases.push_back(screens_.reserve(static_cast<unsigned>(*graphics.port)));
        }
        if (graphics.type == model::Graphics::Type::spice && settings_.spice_tls) lease_tls_port(graphics, machine);
        if (graphics.websocket.value_or(0) < 0) {
            auto [port, lease] = websockets_.take();
            graphics.websocket = static_cast<int>(port);
            graphics.websocket_generated = true;
            machine.leases.push_back(std::move(lease));
        }
    }
}

void Driver::lease_tls_port(model::Graphics& graphics, QemuMachine& machine) {
    if (graphics.tls_port.value_or(0) > 0) {
        machine.leases.push_back(screens_.reserve(static_cast<unsigned>(*graphics.tls_port)));
    } else if (graphics.autoport.value_or(false) || graphics.tls_port.value_or(0) < 0) {
        auto [port, lease] = screens_.take();
        graphics.tls_port = static_cast<int>(port);
        machine.leases.push_back(std::move(lease));
    }
}

}  // namespace innkeeper::qemu
