#pragma once

#include <optional>
#include <string>

#include "model/domain/device_info.h"
#include "xml/description.h"

namespace innkeeper::model {

/// A keyboard, mouse or tablet.
struct Input {
    enum class Type { mouse, tablet, keyboard, passthrough, evdev };
    enum class Bus { ps2, usb, xen, parallels, virtio, none };
    enum class Model { virtio, virtio_transitional, virtio_non_transitional };
    enum class Grab { all };
    enum class GrabToggle { ctrl_ctrl, alt_alt, shift_shift, meta_meta, scrolllock, ctrl_scrolllock };

    Type type = Type::mouse;
    std::optional<Bus> bus;  ///< always there once the definition has been completed
    std::optional<Model> model;
    VirtioOptions virtio;
    std::string source;  ///< passthrough, evdev: the host's device
    std::optional<Grab> grab;
    std::optional<GrabToggle> grab_toggle;
    std::optional<bool> repeat;
    DeviceInfo info;

    bool operator==(const Input&) const = default;
};
constexpr auto names_of(Input::Type) { return xml::names("mouse", "tablet", "keyboard", "passthrough", "evdev"); }
constexpr auto names_of(Input::Bus) { return xml::names("ps2", "usb", "xen", "parallels", "virtio", "none"); }
constexpr auto names_of(Input::Model) { return xml::names("virtio", "virtio-transitional", "virtio-non-transitional"); }
constexpr auto names_of(Input::Grab) { return xml::names("all"); }
constexpr auto names_of(Input::GrabToggle) {
    return xml::names("ctrl-ctrl", "alt-alt", "shift-shift", "meta-meta", "scrolllock", "ctrl-scrolllock");
}

extern const xml::Element<Input> input_element;

}  // namespace innkeeper::model
