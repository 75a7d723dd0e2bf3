#include "drivers/qemu/complete/pci_chipset.h"

#include <algorithm>

#include "base/error.h"

namespace innkeeper::qemu {

using model::Controller;
using model::DomainDef;
using model::PciAddress;
using Model = Controller::Model;
using Type = Controller::Type;

bool is_ich9_usb(Model model) {
    return model == Model::ich9_ehci1 || model == Model::ich9_uhci1 || model == Model::ich9_uhci2 ||
           model == Model::ich9_uhci3;
}

unsigned ich9_function(Model model) {
    switch (model) {
        case Model::ich9_ehci1:
            return 7;
        case Model::ich9_uhci2:
            return 1;
        case Model::ich9_uhci3:
            return 2;
        default:
            return 0;
    }
}

bool is_part_of_piix3(const DomainDef& def, const Controller& controller) {
    if (!is_i440fx(def) || controller.index != 0) return false;
    const auto* address = controller.info.at<PciAddress>();
    if (!address || address->domain || address->bus || address->slot != 1) return false;
    if (controller.type == Type::ide) return address->function == 1;
    return controller.type == Type::usb && (!controller.model || controller.model == Model::piix3_uhci) &&
           address->function == 2;
}

namespace {

void fix(Controller& controller, PciPlace place, std::string_view complaint) {
    if (wants_pci(controller.info)) {
        put_at(controller.info, place);
        return;
    }
    const auto* address = controller.info.at<PciAddress>();
    if (!address || address->domain || address->bus != place.bus || address->slot != place.slot ||
        address->function != place.function)
        throw Error(ErrorCode::internal_error, std::string(complaint));
}

/// The first screen is where firmware looks for it; if something else is there already, anywhere will do.
void place_primary_video(DomainDef& def, PciMap& map, PciPlace place) {
    if (def.devices.videos.empty()) return;
    model::Video& video = def.devices.videos.front();
    if (video.type == model::Video::Type::none || video.type == model::Video::Type::ramfb) return;
    if (!wants_pci(video.info) || map.slot_in_use(place.bus, place.slot)) return;
    put_at(video.info, place);
    map.reserve(place, board, false);
}

void reserve_i440fx(DomainDef& def, PciMap& map) {
    for (Controller& controller : def.devices.controllers) {
        if (controller.index != 0) continue;
        if (controller.type == Type::ide)
            fix(controller, {0, 1, 1}, "Primary IDE controller must have PCI address 0:0:1.1");
        if (controller.type == Type::usb && controller.model == Model::piix3_uhci)
            fix(controller, {0, 1, 2}, "PIIX3 USB controller at index 0 must have PCI address 0:0:1.2");
    }
    map.reserve({0, 1, 0}, board, true);
    place_primary_video(def, map, {0, 2, 0});
}

void reserve_q35(DomainDef& def, PciMap& map) {
    for (Controller& controller : def.devices.controllers) {
        if (controller.type == Type::sata && controller.index == 0) {
            const bool was_given = !wants_pci(controller.info);
            fix(controller, {0, 0x1f, 2}, "Primary SATA controller must have PCI address 0:0:1f.2");
            if (!was_given) map.reserve({0, 0x1f, 2}, board, false);
        }
        if (controller.type == Type::usb && controller.model == Model::ich9_ehci1 && wants_pci(controller.info)) {
            // The real board has one pair at 1d and one at 1a.
            for (const unsigned slot : {0x1du, 0x1au}) {
                if (map.slot_in_use(0, slot)) continue;
                put_at(controller.info, {0, slot, 7});
                map.reserve({0, slot, 7}, board, false);
                break;
            }
        }
        if (controller.type == Type::pci && controller.model == Model::dmi_to_pci_bridge &&
            wants_pci(controller.info) && !map.slot_in_use(0, 0x1e)) {
            put_at(controller.info, {0, 0x1e, 0});
            map.reserve({0, 0x1e, 0}, need_of(PciBus::dmi_to_pci_bridge), false);
        }
    }
    map.reserve({0, 0x1f, 0}, board, false);
    map.reserve({0, 0x1f, 3}, board, false);
    place_primary_video(def, map, {0, 1, 0});
    for (model::Sound& sound : def.devices.sounds) {
        if (sound.model != model::Sound::Model::ich9 || !wants_pci(sound.info) || map.slot_in_use(0, 0x1b)) continue;
        put_at(sound.info, {0, 0x1b, 0});
        map.reserve({0, 0x1b, 0}, board, false);
    }
}

}  // namespace

void reserve_chipset(Completion& it, PciMap& map) {
    if (is_i440fx(it.def)) reserve_i440fx(it.def, map);
    if (is_q35(it.def)) reserve_q35(it.def, map);
}

void settle_pci_target(const DomainDef& def, Controller& controller) {
    Controller::PciTarget& target = controller.target;
    std::string& name = controller.pci_model_name;
    const auto* address = controller.info.at<PciAddress>();
    const auto port = [&] {
        // Ports that stand at the functions of one slot differ in their number by just that.
        if (!target.chassis) target.chassis = controller.index;
        if (!target.port && address) target.port = (address->slot << 3) + address->function;
    };
    switch (*controller.model) {
        case Model::pci_bridge:
            if (name.empty()) name = "pci-bridge";
            if (!target.chassis_nr) target.chassis_nr = controller.index;
            break;
        case Model::dmi_to_pci_bridge:
            if (name.empty()) name = "i82801b11-bridge";
            break;
        case Model::pcie_to_pci_bridge:
            if (name.empty()) name = "pcie-pci-bridge";
            break;
        case Model::pcie_root_port:
            if (name.empty()) name = "pcie-root-port";
            port();
            break;
        case Model::pcie_switch_upstream_port:
            if (name.empty()) name = "x3130-upstream";
            break;
        case Model::pcie_switch_downstream_port:
            if (name.empty()) name = "xio3130-downstream";
            if (!target.chassis) target.chassis = controller.index;
            if (!target.port && address) target.port = address->slot;
            break;
        case Model::pci_expander_bus:
        case Model::pcie_expander_bus:
            if (name.empty()) name = *controller.model == Model::pci_expander_bus ? "pxb" : "pxb-pcie";
            if (!target.bus_nr) {
                // Below the lowest that another one has, with room for a bus behind it.
                unsigned lowest = 256;
                for (const Controller& other : def.devices.controllers)
                    if (other.target.bus_nr) lowest = std::min(lowest, *other.target.bus_nr);
                target.bus_nr = lowest - 2;
            }
            break;
        default:
            break;
    }
}

}  // namespace innkeeper::qemu
