#include "drivers/nodedev/read_device.h"

#include "drivers/nodedev/readers.h"

namespace innkeeper::nodedev {

namespace {

/// Subsystem and, where it has several kinds, the kind.
std::optional<Device> read(const UdevDevice& from, const PciNames& names) {
    const auto subsystem = from.subsystem(), type = from.type();
    if (subsystem == "pci") return read_pci(from, names);
    if (subsystem == "usb" && type == "usb_device") return read_usb_device(from);
    if (subsystem == "usb" && type == "usb_interface") return read_usb_interface(from);
    if (subsystem == "net" && (type.empty() || type == "wlan")) return read_net(from);
    if (subsystem == "scsi" && type == "scsi_host") return read_scsi_host(from);
    if (subsystem == "scsi" && type == "scsi_target") return read_scsi_target(from);
    if (subsystem == "scsi" && type == "scsi_device") return read_scsi(from);
    if (subsystem == "scsi_generic") return read_scsi_generic(from);
    if (subsystem == "block") return read_storage(from);
    if (subsystem == "drm" && type == "drm_minor") return read_drm(from);
    if (subsystem == "mdev") return read_mdev(from);
    if (subsystem == "vdpa") return read_vdpa(from);
    if (subsystem == "ccw") return read_ccw(from);
    if (subsystem == "css") return read_css(from);
    if (subsystem == "ap" && type == "ap_card") return read_ap_card(from);
    if (subsystem == "ap" && type == "ap_queue") return read_ap_queue(from);
    if (subsystem == "matrix") return read_ap_matrix(from);
    return std::nullopt;
}

PciNames names_for(const std::vector<UdevDevice>& devices) {
    std::set<PciNames::Id> wanted;
    for (const auto& device : devices) {
        if (device.subsystem() != "pci") continue;
        const auto vendor = number(device.attribute("vendor"), 16), product = number(device.attribute("device"), 16);
        if (vendor && product) wanted.emplace(*vendor, *product);
    }
    return PciNames::find_installed(wanted);
}

}  // namespace

HostReading read_host() {
    const host::Udev udev;
    const auto found = udev.devices(
        {"pci", "usb", "net", "scsi", "scsi_generic", "block", "drm", "mdev", "vdpa", "ccw", "css", "ap", "matrix"});
    HostReading host{.devices = {read_system(udev)}, .names = names_for(found)};
    for (const auto& each : found)
        if (auto device = read(each, host.names)) host.devices.push_back(std::move(*device));
    return host;
}

std::optional<Device> read_device(const std::string& path, const PciNames& names) {
    const host::Udev udev;
    const auto found = udev.device(path);
    return found ? read(*found, names) : std::nullopt;
}

}  // namespace innkeeper::nodedev
