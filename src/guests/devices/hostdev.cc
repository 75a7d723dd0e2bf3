#include <algorithm>

#include "guests/devices/kinds.h"

/// A device of the host is known by what it is there.
namespace innkeeper::guests {

void refuse_twin(const Devices& devices, const model::Hostdev& hostdev) {
    for (const auto& other : devices.hostdevs)
        if (hostdev.source_key() && hostdev.source_key() == other.source_key())
            throw Error(ErrorCode::operation_invalid, "device is already in the domain configuration");
}

std::size_t find(const Devices& devices, const model::Hostdev& hostdev) {
    return find_by(
        devices.hostdevs,
        [&](const model::Hostdev& other) { return hostdev.source_key() && hostdev.source_key() == other.source_key(); },
        ErrorCode::device_missing, "device not present in domain configuration");
}

}  // namespace innkeeper::guests
