#include <algorithm>
#include <functional>

#include <fmt/format.h>

#include "base/error.h"
#include "drivers/qemu/complete/pci_chipset.h"
#include "drivers/qemu/complete/pci_needs.h"
#include "drivers/qemu/complete/steps.h"

namespace innkeeper::qemu {

using model::Controller;
using model::DomainDef;
using model::PciAddress;

bool wants_pci(const model::DeviceInfo& info) {
    if (!info.has_address()) return true;
    const auto* address = info.at<PciAddress>();
    return address && !(address->domain || address->bus || address->slot);
}

void put_at(model::DeviceInfo& info, PciPlace place) {
    PciAddress address;
    if (const auto* given = info.at<PciAddress>()) address.multifunction = given->multifunction;
    address.bus = place.bus;
    address.slot = place.slot;
    address.function = place.function;
    info.address = address;
}

namespace {

struct PciDevice {
    model::DeviceInfo* info;
    PciNeed need;
    Controller* controller = nullptr;
};

std::optional<PciPlace> place_of(const model::DeviceInfo& info) {
    const auto* address = info.at<PciAddress>();
    if (!address || !(address->domain || address->bus || address->slot)) return std::nullopt;
    return PciPlace{address->bus, address->slot, address->function};
}

/// All devices that may sit on a PCI bus, in the order in which the free places are given away.
std::vector<PciDevice> pci_devices(DomainDef& def, const PciNeeds& needs) {
    std::vector<PciDevice> all;
    const auto add = [&](model::DeviceInfo& info, PciNeed need) {
        if (need) all.push_back({&info, need});
    };
    auto& d = def.devices;
    for (Controller& c : d.controllers)
        if (c.type == Controller::Type::pci) {
            if (const PciNeed need = needs.of(c)) all.push_back({&c.info, need, &c});
        }
    for (auto& device : d.filesystems) add(device.info, needs.of(device));
    for (auto& device : d.interfaces) add(device.info, needs.of(device));
    for (auto& device : d.sounds) add(device.info, needs.of(device));
    for (Controller& c : d.controllers)
        if (c.type != Controller::Type::pci) {
            if (const PciNeed need = needs.of(c)) all.push_back({&c.info, need, &c});
        }
    for (auto& device : d.disks) add(device.info, needs.of(device));
    for (auto& device : d.hostdevs) add(device.info, needs.of(device));
    if (d.memballoon) add(d.memballoon->info, needs.of(*d.memballoon));
    for (auto& device : d.rngs) add(device.info, needs.of(device));
    for (auto& device : d.watchdogs) add(device.info, needs.of(device));
    for (auto& device : d.videos) add(device.info, needs.of(device));
    for (auto& device : d.shmems) add(device.info, needs.of(device));
    for (auto& device : d.inputs) add(device.info, needs.of(device));
    for (auto& device : d.serials) add(device.info, needs.of(device));
    for (auto& device : d.memories) add(device.info, needs.of(device));
    if (d.vsock) add(d.vsock->info, needs.of(*d.vsock));
    if (d.iommu) add(d.iommu->info, needs.of(*d.iommu));
    for (auto& device : d.cryptos) add(device.info, needs.of(device));
    return all;
}

/// The buses that the controllers make.
PciMap map_of(const DomainDef& def, PciMap::Growth growth) {
    PciMap map(growth);
    for (const Controller& c : def.devices.controllers)
        if (const auto bus = bus_of(c)) map.add_bus(*c.index, *bus);
    if (map.size() && !map.has_model(0)) throw Error(ErrorCode::internal_error, "PCI bus 0 has no controller");
    map.settle();
    return map;
}

void reserve_explicit(const DomainDef& def, PciMap& map, const std::vector<PciDevice>& devices) {
    for (const PciDevice& device : devices) {
        const auto* address = device.info->at<PciAddress>();
        const auto place = place_of(*device.info);
        if (!place) continue;
        if (address->domain != 0) {
            if (map.size() == 0) throw Error(ErrorCode::xml_error, ErrorDomain::domain, "No PCI buses available");
            throw Error(ErrorCode::xml_error, ErrorDomain::domain,
                        fmt::format("Invalid PCI address {:04x}:{:02x}:{:02x}.{:x}. Only PCI domain 0 is available",
                                    address->domain, place->bus, place->slot, place->function));
        }
        if (device.controller && is_part_of_piix3(def, *device.controller)) continue;
        map.reserve(*place, device.need, true);
    }
}

/// The functions of the ICH9's USB 2 controller are one device: they share a slot, each at its own function.
void place_companion(DomainDef& def, PciMap& map, PciDevice& device) {
    const unsigned function = ich9_function(*device.controller->model);
    std::optional<PciPlace> sibling;
    for (const Controller& other : def.devices.controllers) {
        if (&other == device.controller || other.type != Controller::Type::usb || !other.model) continue;
        if (!is_ich9_usb(*other.model) || other.index != device.controller->index) continue;
        if (const auto place = place_of(other.info)) sibling = place;
    }
    PciPlace place;
    if (sibling) {
        place = {sibling->bus, sibling->slot, function};
        map.reserve(place, board, false);
    } else {
        place = map.take_next(device.need, function);
    }
    put_at(*device.info, place);
    if (function == 0) device.info->at<PciAddress>()->multifunction = true;
}

void assign_rest(DomainDef& def, PciMap& map, std::vector<PciDevice>& devices) {
    for (PciDevice& device : devices) {
        if (!wants_pci(*device.info)) continue;
        if (device.controller && device.controller->type == Controller::Type::usb &&
            is_ich9_usb(*device.controller->model)) {
            place_companion(def, map, device);
        } else {
            put_at(*device.info, map.take_next(device.need));
        }
    }
}

/// Function 0 must say that it is not alone in its slot.
void mark_multifunction(std::vector<PciDevice>& devices, const PciMap& map) {
    for (PciDevice& device : devices) {
        auto* address = device.info->at<PciAddress>();
        if (!address || address->function != 0 || address->multifunction) continue;
        if (map.shares_slot(PciPlace{address->bus, address->slot, 0})) address->multifunction = true;
    }
}

Controller::Model model_of(PciBus bus) {
    switch (bus) {
        case PciBus::pci_root:
            return Controller::Model::pci_root;
        case PciBus::pcie_root:
            return Controller::Model::pcie_root;
        case PciBus::pci_bridge:
            return Controller::Model::pci_bridge;
        case PciBus::dmi_to_pci_bridge:
            return Controller::Model::dmi_to_pci_bridge;
        case PciBus::pcie_to_pci_bridge:
            return Controller::Model::pcie_to_pci_bridge;
        case PciBus::pcie_root_port:
            return Controller::Model::pcie_root_port;
        case PciBus::pcie_switch_upstream_port:
            return Controller::Model::pcie_switch_upstream_port;
        case PciBus::pcie_switch_downstream_port:
            return Controller::Model::pcie_switch_downstream_port;
        case PciBus::pci_expander_bus:
            return Controller::Model::pci_expander_bus;
        case PciBus::pcie_expander_bus:
            return Controller::Model::pcie_expander_bus;
    }
    return Controller::Model::pci_bridge;
}

/// Plays the assignment through, with a copy and on a map that grows, and adds the controllers that this takes.
void add_bridges(Completion& it) {
    DomainDef& def = it.def;
    DomainDef trial = def;
    Completion trial_step{trial, it.capabilities, it.host, it.purpose, it.random};

    PciMap map = map_of(trial, PciMap::Growth::on_demand);
    const PciNeeds needs(map.has_express_root());
    std::vector<PciDevice> devices = pci_devices(trial, needs);
    reserve_explicit(trial, map, devices);
    if (map.size() == 0) {
        // No bus at all: whoever needs one says so.
        assign_rest(trial, map, devices);
        return;
    }
    const std::size_t given = map.size();
    reserve_chipset(trial_step, map);
    // A place for one more, which might have to be a bridge.
    if (!map.has_express_root() && map.has_any_free_slot()) map.take_next(needs.conventional());
    assign_rest(trial, map, devices);
    // Whoever leaves the topology to the daemon gets one place for a device that comes later.
    if (map.has_express_root() && given <= 1 && map.size() > given) map.take_next(needs.express());
    for (unsigned index = 1; index < map.size(); ++index) {
        if (!maybe_add_controller(def, Controller::Type::pci, index, model_of(map.model(index)))) continue;
        map.take_next(need_of(map.model(index)));
    }
}

}  // namespace

void assign_pci_addresses(Completion& it) {
    DomainDef& def = it.def;
    add_bridges(it);

    PciMap map = map_of(def, PciMap::Growth::fixed);
    const PciNeeds needs(map.has_express_root());
    std::vector<PciDevice> devices = pci_devices(def, needs);
    reserve_explicit(def, map, devices);
    if (map.size()) reserve_chipset(it, map);
    assign_rest(def, map, devices);
    mark_multifunction(devices, map);
    for (Controller& controller : def.devices.controllers)
        if (controller.type == Controller::Type::pci) settle_pci_target(def, controller);
}

}  // namespace innkeeper::qemu
