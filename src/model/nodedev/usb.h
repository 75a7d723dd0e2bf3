#pragma once

#include <string>

#include "xml/description.h"

namespace innkeeper::model::nodedev {

struct UsbDevice {
    unsigned bus = 0, device = 0;
    unsigned product_id = 0, vendor_id = 0;
    std::string product, vendor;
    bool operator==(const UsbDevice&) const = default;
};

/// A function of a USB device: what a driver takes.
struct UsbInterface {
    unsigned number = 0, interface_class = 0, subclass = 0, protocol = 0;
    std::string description;
    bool operator==(const UsbInterface&) const = default;
};

extern const xml::Element<UsbDevice> usb_device;
extern const xml::Element<UsbInterface> usb_interface;

}  // namespace innkeeper::model::nodedev
