#pragma once

#include <optional>

#include "model/domain/device_info.h"
#include "xml/description.h"

namespace innkeeper::model {

/// The guest's own input/output memory management unit.
struct Iommu {
    enum class Model { intel, smmuv3, virtio };
    Model model = Model::intel;
    std::optional<bool> intremap, caching_mode, eim, iotlb;
    std::optional<unsigned> aw_bits;
    DeviceInfo info;
    bool operator==(const Iommu&) const = default;
};
constexpr auto names_of(Iommu::Model) { return xml::names("intel", "smmuv3", "virtio"); }

extern const xml::Element<Iommu> iommu_element;

}  // namespace innkeeper::model
