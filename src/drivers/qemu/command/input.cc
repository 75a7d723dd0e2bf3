#include "model/domain/input.h"

#include <fmt/format.h>

#include "drivers/qemu/command/builder.h"

namespace innkeeper::qemu {

using model::Input;

namespace {

std::string_view virtio_base(Input::Type type) {
    switch (type) {
        case Input::Type::mouse:
            return "virtio-mouse";
        case Input::Type::tablet:
            return "virtio-tablet";
        case Input::Type::keyboard:
            return "virtio-keyboard";
        case Input::Type::passthrough:
            return "virtio-input-host";
        case Input::Type::evdev:
            break;
    }
    unsupported("<input type='evdev'> does not support bus 'virtio'");
}

std::string_view usb_device(Input::Type type) {
    switch (type) {
        case Input::Type::mouse:
            return "usb-mouse";
        case Input::Type::tablet:
            return "usb-tablet";
        case Input::Type::keyboard:
            return "usb-kbd";
        default:
            break;
    }
    unsupported(fmt::format("<input type='{}'> does not support bus 'usb'", xml::name(type)));
}

void add_event_device(Builder& b, const Input& input) {
    Props props("input-linux", "qom-type");
    props.add("id", input.info.alias).add("evdev", input.source).add("repeat", input.repeat);
    if (input.grab) props.add("grab_all", true);
    if (input.grab_toggle) props.add("grab-toggle", xml::name(*input.grab_toggle));
    b.object(props);
}

void add_input(Builder& b, const Input& input) {
    if (input.type == Input::Type::evdev) return add_event_device(b, input);
    switch (input.bus.value_or(Input::Bus::ps2)) {
        case Input::Bus::ps2:  // part of the machine
        case Input::Bus::none:
            return;
        case Input::Bus::usb:
            return b.device(Props(usb_device(input.type)).add("id", input.info.alias), input.info);
        case Input::Bus::virtio: {
            Props props(
                b.virtio_device(virtio_base(input.type), input.model ? xml::name(*input.model) : "", input.info));
            b.add_virtio(props, input.virtio);
            props.add("id", input.info.alias).add_if("evdev", input.source);
            return b.device(props, input.info);
        }
        case Input::Bus::xen:
        case Input::Bus::parallels:
            unsupported(fmt::format("input bus '{}' is not supported by QEMU", xml::name(*input.bus)));
    }
}

}  // namespace

void add_inputs(Builder& b) {
    for (const Input& input : b.devices.inputs) add_input(b, input);
}

}  // namespace innkeeper::qemu
