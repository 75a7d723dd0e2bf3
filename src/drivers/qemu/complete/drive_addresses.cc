#include <optional>
#include <string_view>

#include <fmt/format.h>

#include "base/error.h"
#include "drivers/qemu/complete/steps.h"

namespace innkeeper::qemu {
namespace {

using model::Disk;
using model::DriveAddress;

/// Where the guest has always seen the disk of that letter.
std::optional<DriveAddress> usual_place(Disk::Bus bus, unsigned index) {
    switch (bus) {
        // Unit 7 of a narrow bus is the controller itself.
        case Disk::Bus::scsi:
            return DriveAddress{index / 7, 0, 0, index % 7};
        case Disk::Bus::ide:
            return DriveAddress{index / 4, index % 4 / 2, 0, index % 2};
        case Disk::Bus::sata:
            return DriveAddress{index / 6, 0, 0, index % 6};
        case Disk::Bus::fdc:
            return DriveAddress{index / 2, 0, 0, index % 2};
        default:
            return std::nullopt;
    }
}

/// SCSI devices of the host that the guest has at an address of its own choice.
bool hostdev_sits_at(const model::DomainDef& def, const DriveAddress& place) {
    for (const auto& hostdev : def.devices.hostdevs) {
        const auto* address = hostdev.info.at<DriveAddress>();
        if (hostdev.type == model::Hostdev::Type::scsi && address && *address == place) return true;
    }
    return false;
}

bool is_taken(const model::DomainDef& def, const DriveAddress& place) {
    for (const Disk& disk : def.devices.disks)
        if (const auto* at = disk.info.at<DriveAddress>(); at && disk.bus == Disk::Bus::scsi && *at == place)
            return true;
    return hostdev_sits_at(def, place);
}

/// Behind the disks, at the first free unit of the first controller that has one.
void place_host_scsi(model::DomainDef& def) {
    for (auto& hostdev : def.devices.hostdevs) {
        if (hostdev.type != model::Hostdev::Type::scsi || hostdev.info.has_address()) continue;
        unsigned index = 0;
        while (is_taken(def, *usual_place(Disk::Bus::scsi, index))) ++index;
        hostdev.info.address = *usual_place(Disk::Bus::scsi, index);
    }
}

}  // namespace

std::optional<unsigned> disk_index(std::string_view target) {
    for (const std::string_view prefix : {"xvd", "ubd", "fd", "hd", "sd", "vd"}) {
        if (!target.starts_with(prefix)) continue;
        target.remove_prefix(prefix.size());
        unsigned index = 0;
        std::size_t i = 0;
        for (; i < target.size() && target[i] >= 'a' && target[i] <= 'z'; ++i) {
            if (index > 1000000) return std::nullopt;
            index = (i ? index + 1 : 0) * 26 + static_cast<unsigned>(target[i] - 'a');
        }
        if (i == 0) return std::nullopt;
        for (; i < target.size(); ++i)
            if (target[i] < '0' || target[i] > '9') return std::nullopt;
        return index;
    }
    return std::nullopt;
}

void assign_drive_addresses(Completion& it) {
    for (Disk& disk : it.def.devices.disks) {
        if (disk.info.has_address()) continue;
        const auto index = disk_index(disk.target);
        const auto place = index ? usual_place(*disk.bus, *index) : std::nullopt;
        if (!place) {
            if (disk.bus == Disk::Bus::ide || disk.bus == Disk::Bus::scsi || disk.bus == Disk::Bus::sata ||
                disk.bus == Disk::Bus::fdc)
                throw Error(ErrorCode::xml_error, ErrorDomain::domain,
                            fmt::format("Unknown disk name '{}' and no address specified", disk.target));
            continue;
        }
        if (disk.bus == Disk::Bus::scsi && hostdev_sits_at(it.def, *place))
            throw Error(
                ErrorCode::config_unsupported, ErrorDomain::domain,
                fmt::format("using disk target name '{}' conflicts with SCSI host device address controller='{}' "
                            "bus='{}' target='{}' unit='{}",
                            disk.target, place->controller, place->bus, place->target, place->unit));
        disk.info.address = *place;
    }
    place_host_scsi(it.def);
}

}  // namespace innkeeper::qemu
