#include "drivers/qemu/complete/steps.h"

namespace innkeeper::qemu {
namespace {

using model::Graphics;
using model::GraphicsListen;

bool is_left_open(const GraphicsListen& listen) {
    return listen.type == GraphicsListen::Type::address && listen.address.empty();
}

}  // namespace

void settle_graphics(Completion& it) {
    for (Graphics& graphics : it.def.devices.graphics) {
        if (graphics.type != Graphics::Type::vnc && graphics.type != Graphics::Type::spice) continue;
        if (graphics.listens.empty()) graphics.listens.emplace_back();
        GraphicsListen& listen = graphics.listens.front();
        const bool wanted =
            graphics.type == Graphics::Type::vnc ? it.host.vnc_auto_unix_socket : it.host.spice_auto_unix_socket;
        if (wanted && is_left_open(listen)) {
            listen.type = GraphicsListen::Type::socket;
            listen.auto_generated = true;
        }
    }
}

}  // namespace innkeeper::qemu
