#include "model/domain/controller.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "drivers/qemu/command/builder.h"

namespace innkeeper::qemu {

using model::Controller;
using Model = Controller::Model;
using Type = Controller::Type;

namespace {

bool is_companion(const Controller& controller) {
    return controller.model == Model::ich9_uhci1 || controller.model == Model::ich9_uhci2 ||
           controller.model == Model::ich9_uhci3;
}

std::string_view usb_device(const Controller& controller) {
    switch (controller.model.value_or(Model::piix3_uhci)) {
        case Model::piix3_uhci:
            return "piix3-usb-uhci";
        case Model::piix4_uhci:
            return "piix4-usb-uhci";
        case Model::ehci:
            return "usb-ehci";
        case Model::ich9_ehci1:
            return "ich9-usb-ehci1";
        case Model::ich9_uhci1:
            return "ich9-usb-uhci1";
        case Model::ich9_uhci2:
            return "ich9-usb-uhci2";
        case Model::ich9_uhci3:
            return "ich9-usb-uhci3";
        case Model::vt82c686b_uhci:
            return "vt82c686b-usb-uhci";
        case Model::pci_ohci:
            return "pci-ohci";
        case Model::nec_xhci:
            return "nec-usb-xhci";
        case Model::qemu_xhci:
            return "qemu-xhci";
        default:
            unsupported(fmt::format("<controller type='usb'> of model '{}' is not supported by QEMU",
                                    xml::name(*controller.model)));
    }
}

void add_usb(Builder& b, const Controller& controller) {
    if (controller.model == Model::none) return;
    Props props(usb_device(controller));
    const bool is_xhci = controller.model == Model::nec_xhci || controller.model == Model::qemu_xhci;
    if (controller.ports) {
        if (!is_xhci) unsupported("Setting 'ports' is only supported for xHCI USB controllers");
        props.add("p2", *controller.ports).add("p3", *controller.ports);
    }
    if (is_companion(controller)) {
        props.add("masterbus", b.controller_alias(Type::usb, controller.index.value_or(0)) + ".0");
        props.add("firstport", controller.info.master_startport.value_or(0));
    } else {
        props.add("id", controller.info.alias);
    }
    b.device(props, controller.info);
}

std::string scsi_device(const Builder& b, const Controller& controller) {
    switch (controller.model.value_or(Model::auto_)) {
        case Model::virtio_scsi:
            return b.virtio_device("virtio-scsi", controller.info);
        case Model::virtio_transitional:
        case Model::virtio_non_transitional:
            return b.virtio_device("virtio-scsi", xml::name(*controller.model), controller.info);
        case Model::lsilogic:
            return "lsi";
        case Model::lsisas1068:
            return "mptsas1068";
        case Model::lsisas1078:
            return "megasas";
        case Model::vmpvscsi:
            return "pvscsi";
        case Model::ibmvscsi:
            return "spapr-vscsi";
        case Model::ncr53c90:
            return "";  // part of the machine
        case Model::dc390:
            return "dc-390";
        case Model::am53c974:
            return "am53c974";
        default:
            unsupported(
                fmt::format("Unsupported controller model: {}", xml::name(controller.model.value_or(Model::auto_))));
    }
}

bool is_virtio_scsi(const Controller& controller) {
    return controller.model == Model::virtio_scsi || controller.model == Model::virtio_transitional ||
           controller.model == Model::virtio_non_transitional;
}

void add_scsi(Builder& b, const Controller& controller) {
    const std::string device = scsi_device(b, controller);
    if (device.empty()) return;
    Props props(device);
    if (is_virtio_scsi(controller)) {
        b.add_virtio(props, controller.virtio);
        if (controller.iothread) props.add("iothread", fmt::format("iothread{}", *controller.iothread));
    } else if (controller.queues || controller.cmd_per_lun || controller.max_sectors || controller.iothread ||
               controller.ioeventfd) {
        unsupported("<driver> of <controller type='scsi'> is only supported by virtio-scsi controllers");
    }
    props.add("id", controller.info.alias);
    props.add("num_queues", controller.queues);
    props.add("cmd_per_lun", controller.cmd_per_lun);
    props.add("max_sectors", controller.max_sectors);
    props.add("ioeventfd", controller.ioeventfd);
    b.device(props, controller.info);
}

void add_virtio_serial(Builder& b, const Controller& controller) {
    Props props(
        b.virtio_device("virtio-serial", controller.model ? xml::name(*controller.model) : "", controller.info));
    b.add_virtio(props, controller.virtio);
    props.add("id", controller.info.alias);
    props.add("max_ports", controller.ports).add("vectors", controller.vectors);
    b.device(props, controller.info);
}

void add_pci_root(Builder& b, const Controller& controller) {
    const bool is_express = controller.model == Model::pcie_root;
    if (controller.pcihole64_kib) {
        const std::string_view host = is_express ? "q35-pcihost" : "i440FX-pcihost";
        b.option("-global", fmt::format("{}.pci-hole64-size={}K", host, *controller.pcihole64_kib));
    }
    if (controller.target.hotplug && !is_express)
        b.option("-global",
                 fmt::format("PIIX4_PM.acpi-root-pci-hotplug={}", *controller.target.hotplug ? "on" : "off"));
}

std::string_view pci_device(const Controller& controller) {
    if (!controller.pci_model_name.empty()) return controller.pci_model_name;
    switch (*controller.model) {
        case Model::pci_bridge:
            return "pci-bridge";
        case Model::dmi_to_pci_bridge:
            return "i82801b11-bridge";
        case Model::pcie_to_pci_bridge:
            return "pcie-pci-bridge";
        case Model::pcie_root_port:
            return "pcie-root-port";
        case Model::pcie_switch_upstream_port:
            return "x3130-upstream";
        case Model::pcie_switch_downstream_port:
            return "xio3130-downstream";
        case Model::pci_expander_bus:
            return "pxb";
        case Model::pcie_expander_bus:
            return "pxb-pcie";
        default:
            unsupported("unexpected model of <controller type='pci'>");
    }
}

void add_pci(Builder& b, const Controller& controller) {
    if (!controller.model) unsupported("<controller type='pci'> has no model");
    if (*controller.model == Model::pci_root || *controller.model == Model::pcie_root)
        return add_pci_root(b, controller);
    const Controller::PciTarget& target = controller.target;
    Props props(pci_device(controller));
    switch (*controller.model) {
        case Model::pci_bridge:
            props.add("chassis_nr", target.chassis_nr);
            break;
        case Model::pcie_root_port:
        case Model::pcie_switch_downstream_port:
            props.add("port", target.port).add("chassis", target.chassis);
            break;
        case Model::pci_expander_bus:
        case Model::pcie_expander_bus:
            props.add("bus_nr", target.bus_nr);
            break;
        default:
            break;
    }
    props.add("id", controller.info.alias);
    if (*controller.model == Model::pci_expander_bus || *controller.model == Model::pcie_expander_bus)
        props.add("numa_node", target.numa_node);
    if (*controller.model == Model::pcie_root_port || *controller.model == Model::pcie_switch_downstream_port)
        props.add("hotplug", target.hotplug);
    b.device(props, controller.info);
}

void add_controller(Builder& b, const Controller& controller) {
    switch (controller.type) {
        case Type::pci:
            return add_pci(b, controller);
        case Type::usb:
            return add_usb(b, controller);
        case Type::scsi:
            return add_scsi(b, controller);
        case Type::virtio_serial:
            return add_virtio_serial(b, controller);
        case Type::sata:
            // The first one of a Q35 machine is part of its chip set.
            if (b.is_q35() && controller.index.value_or(0) == 0) return;
            return b.device(Props("ahci").add("id", controller.info.alias), controller.info);
        case Type::ccid:
            return b.device(Props("usb-ccid").add("id", controller.info.alias), controller.info);
        case Type::ide:
            if (b.is_i440fx() && controller.index.value_or(0) == 0) return;
            if (b.is_i440fx()) unsupported("Only a single IDE controller is supported for this machine type");
            unsupported("IDE controllers are unsupported for this QEMU binary or machine type");
        case Type::fdc:
            return;  // appears with its drives
        case Type::isa:
            return;
        case Type::xenbus:
            unsupported("<controller type='xenbus'> is not supported by QEMU");
    }
}

/// Buses before what is plugged into them.
constexpr std::array order{Type::pci, Type::usb,           Type::scsi, Type::ide,    Type::sata,
                           Type::fdc, Type::virtio_serial, Type::ccid, Type::xenbus, Type::isa};

}  // namespace

void add_controllers(Builder& b) {
    for (const Type type : order) {
        // A USB companion refers to its master, which thus must come first.
        for (const bool companions : {false, true})
            for (const Controller& controller : b.devices.controllers)
                if (controller.type == type && is_companion(controller) == companions) add_controller(b, controller);
    }
}

void add_hubs(Builder& b) {
    for (const model::Hub& hub : b.devices.hubs) b.device(Props("usb-hub").add("id", hub.info.alias), hub.info);
}

}  // namespace innkeeper::qemu
