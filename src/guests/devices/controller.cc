#include <fmt/format.h>

#include <algorithm>

#include "guests/devices/kinds.h"

/// A controller is known by its type and number.
namespace innkeeper::guests {

namespace {

bool is_same(const model::Controller& one, const model::Controller& other) {
    return one.type == other.type && one.index && one.index == other.index;
}

}  // namespace

void refuse_twin(const Devices& devices, const model::Controller& controller) {
    for (const auto& other : devices.controllers)
        if (is_same(controller, other))
            throw Error(ErrorCode::operation_invalid,
                        fmt::format("controller index='{}' already exists", *controller.index));
}

std::size_t find(const Devices& devices, const model::Controller& controller) {
    return find_by(
        devices.controllers, [&](const model::Controller& other) { return is_same(controller, other); },
        ErrorCode::device_missing, "device not present in domain configuration");
}

void number(const Devices& devices, model::Controller& controller) {
    const auto is_taken = [&] {
        return std::ranges::any_of(devices.controllers, [&](const auto& other) { return is_same(controller, other); });
    };
    if (!controller.index)
        for (controller.index = 0; is_taken();) ++*controller.index;
}

}  // namespace innkeeper::guests
