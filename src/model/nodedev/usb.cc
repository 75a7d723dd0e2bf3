#include "model/nodedev/usb.h"

#include <fmt/format.h>

#include "xml/parts.h"

namespace innkeeper::model::nodedev {

namespace {

using enum ErrorCode;

constexpr std::string_view no_vendor = "no USB vendor ID supplied for 'new device'",
                           no_product = "no USB product ID supplied for 'new device'";

/// Nameless ones are written by hand: the peer has a blank before the end of such an element.
bool has_vendor(const UsbDevice& device) { return !device.vendor.empty(); }
bool has_product(const UsbDevice& device) { return !device.product.empty(); }
void read_nothing(const xml::Node&, UsbDevice&, const xml::ParseFlags&) {}
void write_vendor(const UsbDevice& device, xml::Writer& writer) {
    if (!has_vendor(device)) writer.fragment(fmt::format("<vendor id='0x{:04x}' />", device.vendor_id));
}
void write_product(const UsbDevice& device, xml::Writer& writer) {
    if (!has_product(device)) writer.fragment(fmt::format("<product id='0x{:04x}' />", device.product_id));
}

xml::PartOf<UsbDevice> vendor() {
    return xml::child("vendor",
                      xml::attribute("id", &UsbDevice::vendor_id)
                          .hex(4)
                          .required(internal_error, no_vendor)
                          .complain(internal_error, "invalid USB vendor ID supplied for 'new device'"),
                      xml::text(&UsbDevice::vendor))
        .required(internal_error, no_vendor);
}

}  // namespace

const xml::Element<UsbDevice> usb_device = xml::describe<UsbDevice>(
    "capability",
    xml::value("bus", &UsbDevice::bus)
        .required(internal_error, "no USB bus number supplied for 'new device'")
        .complain(internal_error, "invalid USB bus number supplied for 'new device'"),
    xml::value("device", &UsbDevice::device)
        .required(internal_error, "no USB device number supplied for 'new device'")
        .complain(internal_error, "invalid USB device number supplied for 'new device'"),
    vendor().legacy(), xml::by_hand<UsbDevice>(read_nothing, write_product),
    xml::child("product",
               xml::attribute("id", &UsbDevice::product_id)
                   .hex(4)
                   .required(internal_error, no_product)
                   .complain(internal_error, "invalid USB product ID supplied for 'new device'"),
               xml::text(&UsbDevice::product))
        .required(internal_error, no_product)
        .written_when(has_product),
    xml::by_hand<UsbDevice>(read_nothing, write_vendor), vendor().written_when(has_vendor));

const xml::Element<UsbInterface> usb_interface = xml::describe<UsbInterface>(
    "capability",
    xml::value("number", &UsbInterface::number)
        .required(internal_error, "no USB interface number supplied for 'new device'")
        .complain(internal_error, "invalid USB interface number supplied for 'new device'"),
    xml::value("class", &UsbInterface::interface_class)
        .required(internal_error, "no USB interface class supplied for 'new device'")
        .complain(internal_error, "invalid USB interface class supplied for 'new device'"),
    xml::value("subclass", &UsbInterface::subclass)
        .required(internal_error, "no USB interface subclass supplied for 'new device'")
        .complain(internal_error, "invalid USB interface subclass supplied for 'new device'"),
    xml::value("protocol", &UsbInterface::protocol)
        .required(internal_error, "no USB interface protocol supplied for 'new device'")
        .complain(internal_error, "invalid USB interface protocol supplied for 'new device'"),
    xml::value("description", &UsbInterface::description));

}  // namespace innkeeper::model::nodedev
