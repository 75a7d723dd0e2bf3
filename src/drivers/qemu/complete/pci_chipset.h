#pragma once

#include "drivers/qemu/complete/pci_map.h"
#include "drivers/qemu/complete/steps.h"

/// What the two PC boards bring along at fixed places.
namespace innkeeper::qemu {

/// What sits at a place of the board's own: anything does.
inline constexpr PciNeed board{PciPlug::endpoint, false};

/// The IDE and USB functions of the i440FX's south bridge, which it places itself.
bool is_part_of_piix3(const model::DomainDef& def, const model::Controller& controller);

/// Takes the board's own places and gives the devices that are part of it their addresses.
void reserve_chipset(Completion& it, PciMap& map);

bool is_ich9_usb(model::Controller::Model model);
/// At which function of their common slot.
unsigned ich9_function(model::Controller::Model model);

/// The name and numbers of a bridge or port that its place and index give it.
void settle_pci_target(const model::DomainDef& def, model::Controller& controller);

/// Whether the device still has to get a PCI place.
bool wants_pci(const model::DeviceInfo& info);
void put_at(model::DeviceInfo& info, PciPlace place);

}  // namespace innkeeper::qemu
