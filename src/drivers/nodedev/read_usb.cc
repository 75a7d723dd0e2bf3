#include "drivers/nodedev/readers.h"

namespace innkeeper::nodedev {

using namespace model::nodedev;

std::optional<Device> read_usb_device(const UdevDevice& from) {
    const auto bus = number(from.property("BUSNUM")), device = number(from.property("DEVNUM"));
    const auto vendor = number(from.property("ID_VENDOR_ID"), 16), product = number(from.property("ID_MODEL_ID"), 16);
    if (!bus || !device || !vendor || !product) return std::nullopt;
    // The list of makers knows better than the device what it is called.
    const auto name = [&from](const char* property, const char* attribute) {
        const auto listed = from.property(property);
        return listed ? *listed : from.attribute(attribute).value_or("");
    };
    return make_device(from, "usb", from.name(),
                       {UsbDevice{.bus = *bus,
                                  .device = *device,
                                  .product_id = *product,
                                  .vendor_id = *vendor,
                                  .product = name("ID_MODEL_FROM_DATABASE", "product"),
                                  .vendor = name("ID_VENDOR_FROM_DATABASE", "manufacturer")}});
}

std::optional<Device> read_usb_interface(const UdevDevice& from) {
    const auto field = [&from](const char* attribute) { return number(from.attribute(attribute), 16).value_or(0); };
    return make_device(from, "usb", from.name(),
                       {UsbInterface{.number = field("bInterfaceNumber"),
                                     .interface_class = field("bInterfaceClass"),
                                     .subclass = field("bInterfaceSubClass"),
                                     .protocol = field("bInterfaceProtocol")}});
}

}  // namespace innkeeper::nodedev
