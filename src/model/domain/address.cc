#include "model/domain/address.h"

#include <fmt/format.h>

#include "base/no_domain.h"
#include "xml/parts.h"

namespace innkeeper::model {

namespace {

const auto zpci_element = xml::describe<Zpci>("zpci",                                    //
                                              xml::attribute("uid", &Zpci::uid).hex(4),  //
                                              xml::attribute("fid", &Zpci::fid).hex(8))
                              .finished_by([](Zpci& zpci) {
                                  if (!zpci.uid) zpci.uid = 0;
                                  if (!zpci.fid) zpci.fid = 0;
                              });

bool is_assigned(const PciAddress& address) { return address.is_assigned(); }

void check_pci(const PciAddress& address) {
    const auto refuse = [](std::string_view what, unsigned value, std::string_view limit) {
        throw Error(ErrorCode::xml_error, no_domain,
                    fmt::format("Invalid PCI address {}='0x{:x}', must be <= {}", what, value, limit));
    };
    if (address.domain > 0xffff) refuse("domain", address.domain, "0xFFFF");
    if (address.bus > 0xff) refuse("bus", address.bus, "0xFF");
    if (address.slot > 0x1f) refuse("slot", address.slot, "0x1F");
    if (address.function > 7) refuse("function", address.function, "7");
}

}  // namespace

const xml::Element<PciAddress> pci_address_element =
    xml::describe<PciAddress>("address",  //
                              xml::attribute("domain", &PciAddress::domain).hex(4).written_when(is_assigned),
                              xml::attribute("bus", &PciAddress::bus).hex(2).written_when(is_assigned),
                              xml::attribute("slot", &PciAddress::slot).hex(2).written_when(is_assigned),
                              xml::attribute("function", &PciAddress::function).hex(1).written_when(is_assigned),
                              xml::attribute("multifunction", &PciAddress::multifunction, xml::on_off),
                              xml::child("zpci", &PciAddress::zpci, zpci_element))
        .finished_by([](PciAddress& address) { check_pci(address); });

const xml::Element<PciAddress> host_pci_address_element =
    xml::describe<PciAddress>(
        "address",  //
        xml::attribute("domain", &PciAddress::domain).hex(4), xml::attribute("bus", &PciAddress::bus).hex(2),
        xml::attribute("slot", &PciAddress::slot).hex(2), xml::attribute("function", &PciAddress::function).hex(1))
        .finished_by([](PciAddress& address) { check_pci(address); });

const xml::Element<DriveAddress> drive_address_element = xml::describe<DriveAddress>(
    "address",  //
    xml::attribute("controller", &DriveAddress::controller), xml::attribute("bus", &DriveAddress::bus),
    xml::attribute("target", &DriveAddress::target), xml::attribute("unit", &DriveAddress::unit));

const xml::Element<VirtioSerialAddress> virtio_serial_address_element = xml::describe<VirtioSerialAddress>(
    "address",  //
    xml::attribute("controller", &VirtioSerialAddress::controller), xml::attribute("bus", &VirtioSerialAddress::bus),
    xml::attribute("port", &VirtioSerialAddress::port));

const xml::Element<UsbAddress> usb_address_element = xml::describe<UsbAddress>(
    "address", xml::attribute("bus", &UsbAddress::bus), xml::attribute("port", &UsbAddress::port));

const xml::Element<CcidAddress> ccid_address_element = xml::describe<CcidAddress>(
    "address",  //
    xml::attribute("controller", &CcidAddress::controller), xml::attribute("slot", &CcidAddress::slot));

const xml::Element<IsaAddress> isa_address_element =
    xml::describe<IsaAddress>("address",  //
                              xml::attribute("iobase", &IsaAddress::iobase).hex(1).omit("0x0"),
                              xml::attribute("irq", &IsaAddress::irq).hex(1).omit("0x0"));

const xml::Element<SpaprVioAddress> spapr_vio_address_element =
    xml::describe<SpaprVioAddress>("address", xml::attribute("reg", &SpaprVioAddress::reg).hex(8));

const xml::Element<CcwAddress> ccw_address_element =
    xml::describe<CcwAddress>("address",  //
                              xml::attribute("cssid", &CcwAddress::cssid).hex(1).at_most(0xfe),
                              xml::attribute("ssid", &CcwAddress::ssid).hex(1).at_most(3),
                              xml::attribute("devno", &CcwAddress::devno).hex(4).at_most(0xffff));

const xml::Element<VirtioMmioAddress> virtio_mmio_address_element = xml::describe<VirtioMmioAddress>("address");

const xml::Element<DimmAddress> dimm_address_element = xml::describe<DimmAddress>(
    "address",  //
    xml::attribute("slot", &DimmAddress::slot), xml::attribute("base", &DimmAddress::base).hex(1));

const xml::Element<UnassignedAddress> unassigned_address_element = xml::describe<UnassignedAddress>("address");

}  // namespace innkeeper::model
