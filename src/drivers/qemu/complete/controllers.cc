#include <algorithm>

#include <fmt/format.h>

#include "base/error.h"
#include "drivers/qemu/complete/steps.h"

namespace innkeeper::qemu {

using model::Controller;
using model::Disk;
using model::DomainDef;
using Type = Controller::Type;
using Model = Controller::Model;

Controller* find_controller(DomainDef& def, Type type, unsigned index) {
    const auto found = std::ranges::find_if(def.devices.controllers,
                                            [&](const Controller& c) { return c.type == type && c.index == index; });
    return found == def.devices.controllers.end() ? nullptr : &*found;
}

bool has_controller(const DomainDef& def, Type type) {
    return std::ranges::find(def.devices.controllers, type, &Controller::type) != def.devices.controllers.end();
}

bool is_companion(const Controller& c) {
    return c.type == Type::usb && c.model &&
           (*c.model == Model::ich9_uhci1 || *c.model == Model::ich9_uhci2 || *c.model == Model::ich9_uhci3);
}

bool maybe_add_controller(DomainDef& def, Type type, unsigned index, std::optional<Model> model) {
    if (find_controller(def, type, index)) return false;
    Controller controller;
    controller.type = type;
    controller.index = index;
    controller.model = model;
    def.devices.controllers.push_back(std::move(controller));
    return true;
}

namespace {

/// The lowest index that no controller of the type has.
unsigned free_index(const DomainDef& def, Type type) {
    unsigned index = 0;
    while (std::ranges::any_of(def.devices.controllers,
                               [&](const Controller& c) { return c.type == type && c.index == index; }))
        ++index;
    return index;
}

std::optional<Model> default_usb_model(const Completion& it) {
    const Capabilities& caps = it.capabilities;
    if (model::is_x86(*it.def.os.arch)) {
        if (caps.has_type("piix3-usb-uhci")) return Model::piix3_uhci;
    }
    if (caps.has_type("qemu-xhci")) return Model::qemu_xhci;
    if (caps.has_type("nec-usb-xhci")) return Model::nec_xhci;
    return std::nullopt;
}

std::optional<Model> default_scsi_model(const Completion& it) {
    const Capabilities& caps = it.capabilities;
    if (caps.has_type("lsi53c895a")) return Model::lsilogic;
    if (caps.has_type("virtio-scsi-pci")) return Model::virtio_scsi;
    return std::nullopt;
}

void settle_model(Completion& it, Controller& controller) {
    switch (controller.type) {
        case Type::usb:
            if (!controller.model) controller.model = default_usb_model(it);
            break;
        case Type::scsi:
            if (!controller.model || controller.model == Model::auto_) controller.model = default_scsi_model(it);
            break;
        default:
            break;
    }
}

}  // namespace

namespace {

/// Those of one type stand together in the order of their numbers, as they stand in the document otherwise.
void sort_controllers(std::vector<Controller>& controllers) {
    // Those without a number stay behind all that were there before them.
    std::vector<Controller> sorted;
    sorted.reserve(controllers.size());
    for (Controller& controller : controllers) {
        auto place = sorted.end();
        for (auto other = sorted.begin(); other != sorted.end(); ++other) {
            if (other->type != controller.type) continue;
            if (controller.index && other->index && *other->index > *controller.index) {
                place = other;
                break;
            }
            place = other + 1;
        }
        sorted.insert(place, std::move(controller));
    }
    controllers = std::move(sorted);
}

/// At which port of its master a companion's own ports begin.
std::optional<unsigned> first_port(const Controller& controller) {
    if (!is_companion(controller)) return std::nullopt;
    if (controller.model == Model::ich9_uhci1) return 0;
    return controller.model == Model::ich9_uhci2 ? 2 : 4;
}

}  // namespace

void number_controllers(Completion& it) {
    DomainDef& def = it.def;
    for (const Controller& controller : def.devices.controllers)
        if (controller.type == Type::pci && !controller.model)
            throw Error(ErrorCode::internal_error, "PCI controller model was not set correctly");
    sort_controllers(def.devices.controllers);
    for (Controller& controller : def.devices.controllers)
        if (!controller.info.master_startport) controller.info.master_startport = first_port(controller);
    // Companions that come unnumbered belong to the master before them.
    std::optional<unsigned> master;
    for (Controller& controller : def.devices.controllers) {
        if (controller.type == Type::usb && controller.index && !is_companion(controller)) master = controller.index;
        if (controller.index) continue;
        if (is_companion(controller) && master) {
            controller.index = master;
            continue;
        }
        // The roots of a PCI topology have their number by nature.
        if (controller.type == Type::pci &&
            (controller.model == Model::pci_root || controller.model == Model::pcie_root))
            controller.index = 0;
        else
            controller.index = free_index(def, controller.type);
        if (controller.type == Type::usb && !is_companion(controller)) master = controller.index;
    }
}

void settle_controllers(Completion& it) {
    for (Controller& controller : it.def.devices.controllers) settle_model(it, controller);
}

namespace {

void need_disk_controllers(DomainDef& def, Disk::Bus bus, Type type) {
    std::optional<unsigned> highest;
    for (const Disk& disk : def.devices.disks) {
        if (disk.bus != bus) continue;
        const auto* drive = disk.info.at<model::DriveAddress>();
        const unsigned controller = drive ? drive->controller : 0;
        if (!highest || controller > *highest) highest = controller;
    }
    if (!highest) return;
    for (unsigned index = 0; index <= *highest; ++index) maybe_add_controller(def, type, index);
}

}  // namespace

void add_implied_controllers(Completion& it) {
    DomainDef& def = it.def;
    need_disk_controllers(def, Disk::Bus::scsi, Type::scsi);
    need_disk_controllers(def, Disk::Bus::fdc, Type::fdc);
    need_disk_controllers(def, Disk::Bus::ide, Type::ide);
    need_disk_controllers(def, Disk::Bus::sata, Type::sata);

    const auto need_serial_bus = [&](const model::DeviceInfo& info) {
        const auto* address = info.at<model::VirtioSerialAddress>();
        maybe_add_controller(def, Type::virtio_serial, address ? address->controller : 0);
    };
    for (const auto& channel : def.devices.channels)
        if (channel.target == model::Channel::Target::virtio) need_serial_bus(channel.info);
    for (const auto& console : def.devices.consoles)
        if (console.target == model::Console::Target::virtio) need_serial_bus(console.info);
    for (const auto& smartcard : def.devices.smartcards)
        if (const auto* address = smartcard.info.at<model::CcidAddress>())
            maybe_add_controller(def, Type::ccid, address->controller);
    for (const auto& hostdev : def.devices.hostdevs)
        if (hostdev.type == model::Hostdev::Type::scsi) {
            const auto* address = hostdev.info.at<model::DriveAddress>();
            for (unsigned index = 0; index <= (address ? address->controller : 0); ++index)
                maybe_add_controller(def, Type::scsi, index);
        }
}

}  // namespace innkeeper::qemu
