#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "drivers/nodedev/pci_names.h"
#include "host/udev.h"
#include "model/nodedev/device.h"

/// Readers of the kinds of devices, each in the file of its noun: what of the kernel's and udev's words goes where in
/// the document. Nothing comes back for what is no device of that kind after all. They block: for the pool.
namespace innkeeper::nodedev {

using host::UdevDevice;
using model::nodedev::Device;

std::optional<Device> read_pci(const UdevDevice& from, const PciNames& names);
std::optional<Device> read_usb_device(const UdevDevice& from);
std::optional<Device> read_usb_interface(const UdevDevice& from);
std::optional<Device> read_net(const UdevDevice& from);
std::optional<Device> read_scsi_host(const UdevDevice& from);
std::optional<Device> read_scsi_target(const UdevDevice& from);
std::optional<Device> read_scsi(const UdevDevice& from);
std::optional<Device> read_scsi_generic(const UdevDevice& from);
std::optional<Device> read_storage(const UdevDevice& from);
std::optional<Device> read_drm(const UdevDevice& from);
std::optional<Device> read_mdev(const UdevDevice& from);
std::optional<Device> read_vdpa(const UdevDevice& from);
std::optional<Device> read_ccw(const UdevDevice& from);
std::optional<Device> read_css(const UdevDevice& from);
std::optional<Device> read_ap_card(const UdevDevice& from);
std::optional<Device> read_ap_queue(const UdevDevice& from);
std::optional<Device> read_ap_matrix(const UdevDevice& from);
/// The host itself, from what its firmware says (DMI).
Device read_system(const host::Udev& udev);

/// A device of that name and capability, with what all have: path, files, driver. In the name everything but letters
/// and digits becomes an underscore.
Device make_device(const UdevDevice& from, std::string_view kind, std::string_view name,
                   model::nodedev::Capability capability);

/// The kinds of mediated devices that it can be divided into; nothing where it cannot.
std::optional<model::nodedev::MdevTypes> read_mdev_types(const UdevDevice& from);
std::optional<unsigned> read_iommu_group(const UdevDevice& from);

/// An attribute or property as a number; nothing if it is none.
std::optional<unsigned> number(const std::optional<std::string>& text, int base = 10);
/// The last part of what a link in the device's folder leads to; empty if there is no such link.
std::string link_name(const UdevDevice& from, std::string_view link);
/// "0000:00:1f.2".
std::optional<model::nodedev::PciPlace> pci_place(std::string_view text);

}  // namespace innkeeper::nodedev
