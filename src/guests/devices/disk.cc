#include <fmt/format.h>

#include <algorithm>

#include "guests/devices/kinds.h"

/// A disk is known by its target's name.
namespace innkeeper::guests {

void refuse_twin(const Devices& devices, const model::Disk& disk) {
    const auto* drive = disk.info.at<model::DriveAddress>();
    for (const auto& other : devices.disks) {
        if (other.target == disk.target)
            throw Error(ErrorCode::operation_invalid, fmt::format("target {} already exists", disk.target));
        const auto* taken = other.info.at<model::DriveAddress>();
        if (drive && taken && *drive == *taken && disk.bus == other.bus)
            throw Error(ErrorCode::operation_invalid, "Domain already contains a disk with that address");
    }
}

std::size_t find(const Devices& devices, const model::Disk& disk) {
    return find_by(
        devices.disks, [&](const model::Disk& other) { return other.target == disk.target; }, ErrorCode::device_missing,
        fmt::format("no target device {}", disk.target).c_str());
}

std::size_t find_to_update(const Devices& devices, const model::Disk& disk) {
    return find_by(
        devices.disks, [&](const model::Disk& other) { return other.target == disk.target; }, ErrorCode::invalid_arg,
        fmt::format("target {} doesn't exist.", disk.target).c_str());
}

}  // namespace innkeeper::guests
