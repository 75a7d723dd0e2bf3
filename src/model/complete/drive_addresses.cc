#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "model/complete/implied.h"

namespace innkeeper::model {

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

bool hostdev_sits_at(const DomainDef& def, const DriveAddress& place) {
    return std::ranges::any_of(def.devices.hostdevs, [&](const Hostdev& hostdev) {
        const auto* address = hostdev.info.at<DriveAddress>();
        return hostdev.type == Hostdev::Type::scsi && address != nullptr && *address == place;
    });
}

namespace {

bool is_taken(const DomainDef& def, const DriveAddress& place) {
    for (const Disk& disk : def.devices.disks)
        if (const auto* at = disk.info.at<DriveAddress>(); at && disk.bus == Disk::Bus::scsi && *at == place)
            return true;
    return hostdev_sits_at(def, place);
}

}  // namespace

std::optional<unsigned> disk_index(std::string_view target) {
    for (const std::string_view prefix : {"xvd", "ubd", "fd", "hd", "sd", "vd"}) {
        if (!target.starts_with(prefix)) continue;
        target.remove_prefix(prefix.size());
        const auto letters = std::min(target.find_first_not_of("abcdefghijklmnopqrstuvwxyz"), target.size());
        if (letters == 0 || letters > 4) return std::nullopt;
        if (target.find_first_not_of("0123456789", letters) != target.npos) return std::nullopt;
        unsigned index = 0;
        for (std::size_t i = 0; i < letters; ++i)
            index = (i ? index + 1 : 0) * 26 + static_cast<unsigned>(target[i] - 'a');
        return index;
    }
    return std::nullopt;
}

void assign_drive_addresses(DomainDef& def) {
    for (Disk& disk : def.devices.disks) {
        if (disk.info.has_address() || !disk.bus) continue;
        const bool has_place = disk.bus == Disk::Bus::ide || disk.bus == Disk::Bus::scsi ||
                               disk.bus == Disk::Bus::sata || disk.bus == Disk::Bus::fdc;
        if (!has_place) continue;
        const auto index = disk_index(disk.target);
        if (!index)
            throw Error(ErrorCode::xml_error, ErrorDomain::domain,
                        fmt::format("Unknown disk name '{}' and no address specified", disk.target));
        const auto place = *usual_place(*disk.bus, *index);
        if (disk.bus == Disk::Bus::scsi && hostdev_sits_at(def, place))
            throw Error(
                ErrorCode::config_unsupported, ErrorDomain::domain,
                fmt::format("using disk target name '{}' conflicts with SCSI host device address controller='{}' "
                            "bus='{}' target='{}' unit='{}",
                            disk.target, place.controller, place.bus, place.target, place.unit));
        disk.info.address = place;
    }
    place_host_scsi(def);
}

void place_host_scsi(DomainDef& def) {
    for (auto& hostdev : def.devices.hostdevs) {
        if (hostdev.type != Hostdev::Type::scsi || hostdev.info.has_address()) continue;
        unsigned index = 0;
        while (is_taken(def, *usual_place(Disk::Bus::scsi, index))) ++index;
        hostdev.info.address = *usual_place(Disk::Bus::scsi, index);
    }
}

}  // namespace innkeeper::model
