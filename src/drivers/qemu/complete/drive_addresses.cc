#include "drivers/qemu/complete/steps.h"
#include "model/complete/implied.h"

namespace innkeeper::qemu {
namespace {

using model::Disk;
using model::DriveAddress;

bool is_taken(const model::DomainDef& def, const DriveAddress& place) {
    for (const Disk& disk : def.devices.disks)
        if (const auto* at = disk.info.at<DriveAddress>(); at && disk.bus == Disk::Bus::scsi && *at == place)
            return true;
    return model::hostdev_sits_at(def, place);
}

/// Behind the disks, at the first free unit of the first controller that has one.
void place_host_scsi(model::DomainDef& def) {
    for (auto& hostdev : def.devices.hostdevs) {
        if (hostdev.type != model::Hostdev::Type::scsi || hostdev.info.has_address()) continue;
        unsigned index = 0;
        while (is_taken(def, *model::usual_place(Disk::Bus::scsi, index))) ++index;
        hostdev.info.address = *model::usual_place(Disk::Bus::scsi, index);
    }
}

}  // namespace

void assign_drive_addresses(Completion& it) {
    model::assign_drive_addresses(it.def);
    place_host_scsi(it.def);
}

}  // namespace innkeeper::qemu
