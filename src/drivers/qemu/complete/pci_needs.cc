#include "drivers/qemu/complete/pci_needs.h"

namespace innkeeper::qemu {

using model::Controller;

std::optional<PciBus> bus_of(const Controller& controller) {
    if (controller.type != Controller::Type::pci || !controller.model) return std::nullopt;
    switch (*controller.model) {
        case Controller::Model::pci_root:
            return PciBus::pci_root;
        case Controller::Model::pcie_root:
            return PciBus::pcie_root;
        case Controller::Model::pci_bridge:
            return PciBus::pci_bridge;
        case Controller::Model::dmi_to_pci_bridge:
            return PciBus::dmi_to_pci_bridge;
        case Controller::Model::pcie_to_pci_bridge:
            return PciBus::pcie_to_pci_bridge;
        case Controller::Model::pcie_root_port:
            return PciBus::pcie_root_port;
        case Controller::Model::pcie_switch_upstream_port:
            return PciBus::pcie_switch_upstream_port;
        case Controller::Model::pcie_switch_downstream_port:
            return PciBus::pcie_switch_downstream_port;
        case Controller::Model::pci_expander_bus:
            return PciBus::pci_expander_bus;
        case Controller::Model::pcie_expander_bus:
            return PciBus::pcie_expander_bus;
        default:
            return std::nullopt;
    }
}

PciNeed PciNeeds::of(const Controller& controller) const {
    using Type = Controller::Type;
    using Model = Controller::Model;
    switch (controller.type) {
        case Type::pci: {
            const auto bus = bus_of(controller);
            return bus ? need_of(*bus) : PciNeed{};
        }
        case Type::usb:
            if (!controller.model) return {};
            switch (*controller.model) {
                case Model::nec_xhci:
                case Model::qemu_xhci:
                    return express();
                case Model::qusb1:
                case Model::qusb2:
                case Model::none:
                    return {};
                default:
                    return conventional();
            }
        case Type::scsi:
            if (!controller.model) return {};
            switch (*controller.model) {
                case Model::virtio_scsi:
                case Model::virtio_non_transitional:
                    return express();
                case Model::ibmvscsi:
                case Model::auto_:
                    return {};
                default:
                    return conventional();
            }
        case Type::virtio_serial:
            return controller.model == Model::virtio_transitional ? conventional() : express();
        case Type::sata:
            return conventional();
        case Type::xenbus:
        case Type::isa:
            return nowhere();
        case Type::ide:  // a function of the board's, if it has it
        case Type::fdc:
        case Type::ccid:
            return {};
    }
    return {};
}

PciNeed PciNeeds::of(const model::Interface& card) const {
    if (card.type == model::Interface::Type::hostdev) return express();
    if (card.model == "usb-net") return nowhere();
    if (card.model == "spapr-vlan" || card.model == "smc91c111") return {};
    for (const std::string_view model : {"e1000", "lan9118", "netfront", "rtl8139", "virtio-transitional", "vmxnet3"})
        if (card.model == model) return conventional();
    return express();
}

PciNeed PciNeeds::of(const model::Sound& sound) const {
    switch (sound.model) {
        case model::Sound::Model::sb16:
        case model::Sound::Model::pcspk:
        case model::Sound::Model::usb:
            return {};
        default:
            return conventional();
    }
}

PciNeed PciNeeds::of(const model::Disk& disk) const {
    if (disk.bus != model::Disk::Bus::virtio) return {};
    return virtio(disk.model);
}

PciNeed PciNeeds::of(const model::Memballoon& balloon) const {
    switch (balloon.model) {
        case model::Memballoon::Model::none:
            return {};
        case model::Memballoon::Model::xen:
            return nowhere();
        default:
            return virtio(std::optional(balloon.model));
    }
}

PciNeed PciNeeds::of(const model::Rng& rng) const { return virtio(std::optional(rng.model)); }

PciNeed PciNeeds::of(const model::Watchdog& watchdog) const {
    return watchdog.model == model::Watchdog::Model::i6300esb ? conventional() : PciNeed{};
}

PciNeed PciNeeds::of(const model::Video& video) const {
    switch (video.type) {
        case model::Video::Type::virtio:
        case model::Video::Type::bochs:
            return express();
        case model::Video::Type::vga:
        case model::Video::Type::cirrus:
        case model::Video::Type::vmvga:
        case model::Video::Type::qxl:
            return conventional();
        default:
            return {};
    }
}

PciNeed PciNeeds::of(const model::Input& input) const {
    return input.bus == model::Input::Bus::virtio ? virtio(input.model) : PciNeed{};
}

PciNeed PciNeeds::of(const model::Serial& serial) const {
    return serial.target == model::Serial::Target::pci_serial ? conventional() : PciNeed{};
}

PciNeed PciNeeds::of(const model::Vsock& vsock) const { return virtio(vsock.model); }

PciNeed PciNeeds::of(const model::Crypto&) const { return express(); }

PciNeed PciNeeds::of(const model::Iommu& iommu) const {
    if (iommu.model != model::Iommu::Model::virtio) return {};
    PciNeed need = express();
    need.integrated = true;
    return need;
}

PciNeed PciNeeds::of(const model::Filesystem& filesystem) const { return virtio(filesystem.model); }

PciNeed PciNeeds::of(const model::Hostdev& hostdev) const {
    switch (hostdev.type) {
        case model::Hostdev::Type::pci:
            return express();
        case model::Hostdev::Type::scsi_host:
            return virtio(hostdev.scsi_host_model);
        case model::Hostdev::Type::mdev:
            return hostdev.mdev_model == model::Hostdev::MdevModel::vfio_pci ? express() : PciNeed{};
        default:
            return {};
    }
}

PciNeed PciNeeds::of(const model::Shmem&) const { return conventional(); }

PciNeed PciNeeds::of(const model::MemoryDevice& memory) const {
    const bool is_virtio = memory.model == model::MemoryDevice::Model::virtio_pmem ||
                           memory.model == model::MemoryDevice::Model::virtio_mem;
    return is_virtio ? express() : PciNeed{};
}

}  // namespace innkeeper::qemu
