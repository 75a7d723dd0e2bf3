#include <algorithm>
#include <string_view>

#include "base/error.h"
#include "drivers/qemu/complete/steps.h"

namespace innkeeper::qemu {
namespace {

using model::Disk;
using model::StorageSource;

/// A target's name tells the bus: "vda" is a virtio disk.
std::optional<Disk::Bus> bus_of(std::string_view target) {
    if (target.starts_with("hd")) return Disk::Bus::ide;
    if (target.starts_with("sd")) return Disk::Bus::scsi;
    if (target.starts_with("vd")) return Disk::Bus::virtio;
    if (target.starts_with("xvd")) return Disk::Bus::xen;
    if (target.starts_with("ubd")) return Disk::Bus::uml;
    if (target.starts_with("fd")) return Disk::Bus::fdc;
    return std::nullopt;
}

void settle_disk(Disk& disk) {
    if (!disk.bus) disk.bus = disk.device == Disk::Device::floppy ? Disk::Bus::fdc : bus_of(disk.target);
    if (!disk.bus) disk.bus = Disk::Bus::ide;
    if (disk.device == Disk::Device::cdrom) disk.readonly = true;

    const bool vhost = disk.source.type == StorageSource::Type::vhostuser;
    if (disk.source.is_empty() && !vhost) {
        // An empty tray is of no kind yet.
        disk.source.type = StorageSource::Type::file;
        disk.source.startup_policy.reset();
    }
    if (vhost && !disk.snapshot) disk.snapshot = Disk::Snapshot::no;
    if (!vhost && disk.driver.name.empty()) disk.driver.name = "qemu";
    if (disk.source.format.empty() && disk.source.type != StorageSource::Type::volume && !vhost)
        disk.source.format = disk.source.type == StorageSource::Type::dir ? "fat" : "raw";
    if (disk.driver.cache == model::DiskDriver::Cache::default_) disk.driver.cache.reset();
}

/// Disks of one bus stand in the order of their letters, whatever the order in the document. As in the peer, those
/// whose document left the bus open count as being on one.
void sort_disks(std::vector<Disk>& disks) {
    std::vector<Disk> sorted;
    sorted.reserve(disks.size());
    for (Disk& disk : disks) {
        const auto index = disk_index(disk.target);
        auto place = sorted.end();
        for (auto other = sorted.begin(); other != sorted.end(); ++other) {
            if (other->bus != disk.bus) continue;
            if (disk_index(other->target) > index) {
                place = other;
                break;
            }
            place = other + 1;
        }
        sorted.insert(place, std::move(disk));
    }
    disks = std::move(sorted);
}

}  // namespace

void settle_disks(Completion& it) {
    sort_disks(it.def.devices.disks);
    for (Disk& disk : it.def.devices.disks) settle_disk(disk);
}

}  // namespace innkeeper::qemu
