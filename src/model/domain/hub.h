#pragma once

#include "model/domain/device_info.h"
#include "xml/description.h"

namespace innkeeper::model {

/// More USB ports.
struct Hub {
    enum class Type { usb };
    Type type = Type::usb;
    DeviceInfo info;
    bool operator==(const Hub&) const = default;
};
constexpr auto names_of(Hub::Type) { return xml::names("usb"); }

extern const xml::Element<Hub> hub_element;

}  // namespace innkeeper::model
