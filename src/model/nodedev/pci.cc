#include "model/nodedev/pci.h"

#include <algorithm>

#include "model/nodedev/known_capabilities.h"

namespace innkeeper::model::nodedev {

namespace {

using enum ErrorCode;
using Link = PciExpress::Link;

const auto address = xml::describe<PciPlace>(
    "address", xml::attribute("domain", &PciPlace::domain).hex(4), xml::attribute("bus", &PciPlace::bus).hex(2),
    xml::attribute("slot", &PciPlace::slot).hex(2), xml::attribute("function", &PciPlace::function).hex(1));

const auto place =
    xml::describe<PciPlace>("capability",
                            xml::value("domain", &PciPlace::domain)
                                .required(internal_error, "no PCI domain ID supplied for 'new device'")
                                .complain(internal_error, "invalid PCI domain ID supplied for 'new device'"),
                            xml::value("bus", &PciPlace::bus)
                                .required(internal_error, "no PCI bus ID supplied for 'new device'")
                                .complain(internal_error, "invalid PCI bus ID supplied for 'new device'"),
                            xml::value("slot", &PciPlace::slot)
                                .required(internal_error, "no PCI slot ID supplied for 'new device'")
                                .complain(internal_error, "invalid PCI slot ID supplied for 'new device'"),
                            xml::value("function", &PciPlace::function)
                                .required(internal_error, "no PCI function ID supplied for 'new device'")
                                .complain(internal_error, "invalid PCI function ID supplied for 'new device'"));

const auto physical_function = xml::describe<PhysicalFunction>(
    "capability", xml::child(&PhysicalFunction::address, address)
                      .required(xml_error, "Missing address in 'phys_function' capability"));
const auto virtual_functions = xml::describe<VirtualFunctions>(
    "capability",
    xml::attribute("maxCount", &VirtualFunctions::most).complain(xml_error, "Malformed 'maxCount' parameter"),
    xml::children(&VirtualFunctions::addresses, address));
const auto pci_bridge = xml::describe<PciBridge>("capability");
const auto cardbus_bridge = xml::describe<CardbusBridge>("capability");

const xml::Element<PciCapability> capability = xml::describe<PciCapability>(
    "capability",
    xml::one_of("type", &PciCapability::kind, xml::alternative("phys_function", physical_function),
                xml::alternative("virt_functions", virtual_functions), xml::alternative("pci-bridge", pci_bridge),
                xml::alternative("cardbus-bridge", cardbus_bridge), xml::alternative("mdev_types", mdev_types),
                xml::alternative("vpd", vpd)));

const auto iommu_group =
    xml::describe<IommuGroup>("iommuGroup", xml::attribute("number", &IommuGroup::number).required(),
                              xml::children(&IommuGroup::addresses, address));

bool is_known(const Link& link) { return link.validity == "cap" || link.validity == "sta"; }
const auto link = xml::describe<Link>(
    "link", xml::attribute("validity", &Link::validity),
    xml::when(is_known, xml::attribute("port", &Link::port), xml::attribute("speed", &Link::speed).omit(""),
              xml::attribute("width", &Link::width).required()));
void order_links(PciExpress& express) {
    std::erase_if(express.links, [](const Link& each) { return !is_known(each); });
    std::ranges::sort(express.links, {}, &Link::validity);
}
const auto express =
    xml::describe<PciExpress>("pci-express", xml::children(&PciExpress::links, link)).finished_by(order_links);

constexpr std::string_view no_vendor = "no PCI vendor ID supplied for 'new device'",
                           no_product = "no PCI product ID supplied for 'new device'";

xml::PartOf<Pci> vendor_part() {
    return xml::child("vendor",
                      xml::attribute("id", &Pci::vendor_id)
                          .hex(4)
                          .required(internal_error, no_vendor)
                          .complain(internal_error, "invalid PCI vendor ID supplied for 'new device'"),
                      xml::text(&Pci::vendor))
        .required(internal_error, no_vendor);
}

}  // namespace

const xml::Element<Pci> pci = xml::describe<Pci>(
    "capability",
    xml::value("class", &Pci::device_class)
        .hex(6)
        .complain(internal_error, "invalid PCI class supplied for 'new device'"),
    xml::embed(&Pci::place, place), vendor_part().legacy(),
    xml::child("product",
               xml::attribute("id", &Pci::product_id)
                   .hex(4)
                   .required(internal_error, no_product)
                   .complain(internal_error, "invalid PCI product ID supplied for 'new device'"),
               xml::text(&Pci::product))
        .required(internal_error, no_product),
    vendor_part(), known_capabilities<&Pci::capabilities, capability>(&Pci::capabilities),
    xml::child(&Pci::iommu_group, iommu_group),
    xml::child("numa", xml::attribute("node", &Pci::numa_node)
                           .complain(internal_error, "invalid NUMA node ID supplied for 'new device'")),
    xml::child(&Pci::express, express));

}  // namespace innkeeper::model::nodedev
