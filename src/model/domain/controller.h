#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "model/domain/device_info.h"
#include "xml/description.h"

namespace innkeeper::model {

/// A bus that other devices are plugged into.
struct Controller {
    enum class Type { ide, fdc, scsi, sata, virtio_serial, ccid, usb, pci, xenbus, isa };
    /// The models of all types; which fit is checked when the element has been read.
    enum class Model {
        pci_root,
        pcie_root,
        pci_bridge,
        dmi_to_pci_bridge,
        pcie_to_pci_bridge,
        pcie_root_port,
        pcie_switch_upstream_port,
        pcie_switch_downstream_port,
        pci_expander_bus,
        pcie_expander_bus,
        auto_,
        buslogic,
        lsilogic,
        lsisas1068,
        vmpvscsi,
        ibmvscsi,
        virtio_scsi,
        lsisas1078,
        virtio_transitional,
        virtio_non_transitional,
        ncr53c90,
        dc390,
        am53c974,
        piix3_uhci,
        piix4_uhci,
        ehci,
        ich9_ehci1,
        ich9_uhci1,
        ich9_uhci2,
        ich9_uhci3,
        vt82c686b_uhci,
        pci_ohci,
        nec_xhci,
        qusb1,
        qusb2,
        qemu_xhci,
        none,
        piix3,
        piix4,
        ich6,
        virtio,
    };
    struct PciTarget {
        std::optional<unsigned> chassis_nr, chassis, port, bus_nr, index;
        std::optional<bool> hotplug;
        std::optional<unsigned> numa_node;
        bool operator==(const PciTarget&) const = default;
    };

    Type type = Type::ide;
    std::optional<unsigned> index;  ///< always there once the definition has been completed
    std::optional<Model> model;
    std::optional<unsigned> ports, vectors;                        // virtio-serial; ports also usb
    std::optional<unsigned> max_grant_frames, max_event_channels;  // xenbus

    std::optional<unsigned> queues, cmd_per_lun, max_sectors, iothread;
    std::optional<bool> ioeventfd;
    VirtioOptions virtio;

    std::string pci_model_name;  ///< the device that implements a PCI controller: `<model name='pcie-root-port'/>`
    PciTarget target;
    std::optional<std::uint64_t> pcihole64_kib;
    DeviceInfo info;

    bool operator==(const Controller&) const = default;
};
constexpr auto names_of(Controller::Type) {
    return xml::names("ide", "fdc", "scsi", "sata", "virtio-serial", "ccid", "usb", "pci", "xenbus", "isa");
}
constexpr auto names_of(Controller::Model) {
    return xml::names("pci-root", "pcie-root", "pci-bridge", "dmi-to-pci-bridge", "pcie-to-pci-bridge",
                      "pcie-root-port", "pcie-switch-upstream-port", "pcie-switch-downstream-port", "pci-expander-bus",
                      "pcie-expander-bus", "auto", "buslogic", "lsilogic", "lsisas1068", "vmpvscsi", "ibmvscsi",
                      "virtio-scsi", "lsisas1078", "virtio-transitional", "virtio-non-transitional", "ncr53c90",
                      "dc390", "am53c974", "piix3-uhci", "piix4-uhci", "ehci", "ich9-ehci1", "ich9-uhci1", "ich9-uhci2",
                      "ich9-uhci3", "vt82c686b-uhci", "pci-ohci", "nec-xhci", "qusb1", "qusb2", "qemu-xhci", "none",
                      "piix3", "piix4", "ich6", "virtio");
}

extern const xml::Element<Controller> controller_element;

}  // namespace innkeeper::model
