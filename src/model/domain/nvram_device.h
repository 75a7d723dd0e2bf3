#pragma once

#include "model/domain/device_info.h"
#include "xml/description.h"

namespace innkeeper::model {

/// The memory that POWER machines keep their settings in: nothing but a place on the bus.
struct NvramDevice {
    DeviceInfo info;
    bool operator==(const NvramDevice&) const = default;
};

extern const xml::Element<NvramDevice> nvram_device_element;

}  // namespace innkeeper::model
