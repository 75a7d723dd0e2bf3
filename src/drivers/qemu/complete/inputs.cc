#include <algorithm>

#include "drivers/qemu/complete/steps.h"

namespace innkeeper::qemu {

using model::Input;

void settle_inputs(Completion& it) {
    for (Input& input : it.def.devices.inputs) {
        if (input.bus || input.type == Input::Type::evdev) continue;
        if (input.type == Input::Type::passthrough)
            input.bus = Input::Bus::virtio;
        else if (input.type == Input::Type::tablet)
            input.bus = Input::Bus::usb;
        else
            input.bus = model::is_x86(*it.def.os.arch) ? Input::Bus::ps2 : Input::Bus::usb;
    }
}

void add_ps2_inputs(Completion& it) {
    // A PC has both; QEMU has no switch to leave them out.
    if (!it.def.os.is_hvm() || !model::is_x86(*it.def.os.arch)) return;
    auto& inputs = it.def.devices.inputs;
    for (const Input::Type type : {Input::Type::mouse, Input::Type::keyboard}) {
        if (std::ranges::any_of(inputs, [&](const Input& i) { return i.type == type && i.bus == Input::Bus::ps2; }))
            continue;
        Input input;
        input.type = type;
        input.bus = Input::Bus::ps2;
        inputs.push_back(std::move(input));
    }
}

}  // namespace innkeeper::qemu
