#include <fmt/format.h>

#include <set>

#include "base/error.h"
#include "drivers/qemu/complete/validate.h"

namespace innkeeper::qemu {

using model::Hostdev;

namespace {

void validate_mdev(const Hostdev& hostdev) {
    if (!hostdev.mdev_uuid)
        refused_by_model(ErrorCode::config_unsupported, "Missing 'uuid' attribute for element <address>");
    if (hostdev.mdev_model != Hostdev::MdevModel::vfio_pci || !hostdev.info.has_address()) return;
    if (hostdev.info.at<model::DriveAddress>())
        refused_by_model(ErrorCode::xml_error,
                         "Unsupported address type 'drive' with mediated device model 'vfio-pci'");
}

}  // namespace

void validate(const Completion& it, const Hostdev& hostdev) {
    if (hostdev.mode == Hostdev::Mode::capabilities)
        not_supported("hostdev mode 'capabilities' is not supported in qemu");
    if (hostdev.type == Hostdev::Type::mdev) validate_mdev(hostdev);
    if (hostdev.display == true && it.def.devices.graphics.empty())
        not_supported("graphics device is needed for attribute value 'display=on' in <hostdev>");
    if (const auto* pci = hostdev.info.at<model::PciAddress>(); pci && pci->zpci)
        not_supported("This QEMU binary doesn't support zPCI");
    if (hostdev.type == Hostdev::Type::scsi_host && hostdev.info.boot.order)
        not_supported("booting from assigned devices is not supported by vhost SCSI devices");
}

void refuse_doubled_scsi_hosts(const Completion& it) {
    std::set<model::DriveAddress> drives;
    for (const Hostdev& hostdev : it.def.devices.hostdevs)
        if (const auto* drive = hostdev.info.at<model::DriveAddress>();
            drive && hostdev.type == Hostdev::Type::scsi && !drives.insert(*drive).second)
            refused_by_model(ErrorCode::config_unsupported,
                             fmt::format("SCSI host address controller='{}' bus='{}' target='{}' unit='{}' in use by "
                                         "another SCSI host device",
                                         drive->controller, drive->bus, drive->target, drive->unit));
}

}  // namespace innkeeper::qemu
