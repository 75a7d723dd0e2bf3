#include <fmt/format.h>

#include "base/error.h"
#include "drivers/qemu/complete/steps.h"

namespace innkeeper::qemu {

using model::Disk;

void validate_disks(const Completion& it) {
    for (const Disk& disk : it.def.devices.disks) {
        const bool is_drive = disk.info.at<model::DriveAddress>() != nullptr;
        switch (*disk.bus) {
            case Disk::Bus::ide:
            case Disk::Bus::scsi:
            case Disk::Bus::sata:
            case Disk::Bus::fdc:
                if (disk.info.has_address() && !is_drive)
                    throw Error(ErrorCode::config_unsupported, ErrorDomain::domain,
                                fmt::format("Invalid address type 'pci' for the disk '{}' with the bus type '{}'",
                                            disk.target, xml::name(*disk.bus)));
                break;
            default:
                break;
        }
        if (disk.device == Disk::Device::lun && disk.source.type != model::StorageSource::Type::block)
            throw Error(ErrorCode::config_unsupported, ErrorDomain::domain,
                        "disk device='lun' is only valid for block type disk source");
        if (disk.bus == Disk::Bus::usb && disk.info.has_address() && !disk.info.at<model::UsbAddress>())
            throw Error(ErrorCode::internal_error, "unexpected address type for usb disk");
    }
}

}  // namespace innkeeper::qemu
