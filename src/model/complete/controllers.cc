#include <algorithm>
#include <utility>
#include <vector>

#include "model/complete/implied.h"

namespace innkeeper::model {

namespace {

using Type = Controller::Type;
using Model = Controller::Model;

bool is_companion(const Controller& c) {
    return c.type == Type::usb &&
           (c.model == Model::ich9_uhci1 || c.model == Model::ich9_uhci2 || c.model == Model::ich9_uhci3);
}

/// At which port of its master a companion's own ports begin.
std::optional<unsigned> first_port(const Controller& controller) {
    if (!is_companion(controller)) return std::nullopt;
    if (controller.model == Model::ich9_uhci1) return 0;
    return controller.model == Model::ich9_uhci2 ? 2 : 4;
}

bool is_root(const Controller& c) {
    return c.type == Type::pci && (c.model == Model::pci_root || c.model == Model::pcie_root);
}

bool has(const DomainDef& def, Type type, unsigned index) {
    return std::ranges::any_of(def.devices.controllers,
                               [&](const Controller& c) { return c.type == type && c.index == index; });
}

unsigned free_index(const DomainDef& def, Type type) {
    unsigned index = 0;
    while (has(def, type, index)) ++index;
    return index;
}

/// Among those of its type, before the first with a higher number; else behind all.
void insert(std::vector<Controller>& controllers, Controller controller) {
    auto place = controllers.end();
    for (auto other = controllers.begin(); other != controllers.end(); ++other) {
        if (other->type != controller.type) continue;
        if (controller.index && other->index && *other->index > *controller.index) {
            place = other;
            break;
        }
        place = other + 1;
    }
    controllers.insert(place, std::move(controller));
}

void sort_controllers(std::vector<Controller>& controllers) {
    std::vector<Controller> sorted;
    sorted.reserve(controllers.size());
    for (Controller& controller : controllers) insert(sorted, std::move(controller));
    controllers = std::move(sorted);
}

void need_disk_controllers(DomainDef& def, Disk::Bus bus, Type type) {
    std::optional<unsigned> highest;
    for (const Disk& disk : def.devices.disks) {
        if (disk.bus != bus) continue;
        const auto* drive = disk.info.at<DriveAddress>();
        highest = std::max(highest.value_or(0), drive != nullptr ? drive->controller : 0);
    }
    if (!highest) return;
    for (unsigned index = 0; index <= *highest; ++index) maybe_add_controller(def, type, index);
}

void need_serial_bus(DomainDef& def, const DeviceInfo& info) {
    const auto* address = info.at<VirtioSerialAddress>();
    maybe_add_controller(def, Type::virtio_serial, address != nullptr ? address->controller : 0);
}

}  // namespace

bool maybe_add_controller(DomainDef& def, Type type, unsigned index) {
    if (has(def, type, index)) return false;
    Controller controller;
    controller.type = type;
    controller.index = index;
    def.devices.controllers.push_back(std::move(controller));
    return true;
}

void number_controllers(DomainDef& def) {
    sort_controllers(def.devices.controllers);
    // The roots of a PCI topology have their number by nature.
    for (Controller& controller : def.devices.controllers)
        if (is_root(controller) && !controller.index) controller.index = free_index(def, controller.type);
    // Companions that come unnumbered belong to the master before them.
    std::optional<unsigned> master;
    for (Controller& controller : def.devices.controllers) {
        const bool companion = is_companion(controller);
        if (!controller.info.master_startport) controller.info.master_startport = first_port(controller);
        if (!controller.index && companion && master) controller.index = master;
        if (!controller.index) controller.index = free_index(def, controller.type);
        if (controller.type == Type::usb && !companion) master = controller.index;
    }
}

void add_implied_controllers(DomainDef& def) {
    need_disk_controllers(def, Disk::Bus::scsi, Type::scsi);
    need_disk_controllers(def, Disk::Bus::fdc, Type::fdc);
    need_disk_controllers(def, Disk::Bus::ide, Type::ide);
    need_disk_controllers(def, Disk::Bus::sata, Type::sata);
    for (const Channel& channel : def.devices.channels)
        if (channel.target == Channel::Target::virtio) need_serial_bus(def, channel.info);
    for (const Console& console : def.devices.consoles)
        if (console.target == Console::Target::virtio) need_serial_bus(def, console.info);
    for (const Smartcard& smartcard : def.devices.smartcards) {
        const auto* address = smartcard.info.at<CcidAddress>();
        maybe_add_controller(def, Type::ccid, address != nullptr ? address->controller : 0);
    }
    for (const Hostdev& hostdev : def.devices.hostdevs) {
        if (hostdev.type != Hostdev::Type::scsi) continue;
        const auto* address = hostdev.info.at<DriveAddress>();
        maybe_add_controller(def, Type::scsi, address != nullptr ? address->controller : 0);
    }
}

}  // namespace innkeeper::model
