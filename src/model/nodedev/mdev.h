#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/uuid.h"
#include "xml/description.h"

/// Mediated devices: parts of a real one that guests can have for their own, and the kinds of them that it can be
/// divided into.
namespace innkeeper::model::nodedev {

struct MdevAttribute {
    std::string name, value;
    bool operator==(const MdevAttribute&) const = default;
};

struct Mdev {
    std::string type;
    std::optional<Uuid> uuid;
    std::string parent_address;  ///< of the real device on its bus
    std::optional<unsigned> iommu_group;
    std::vector<MdevAttribute> attributes;  ///< in the order in which the driver gets them
    bool operator==(const Mdev&) const = default;
};

struct MdevType {
    std::string id, name, device_api;
    unsigned available_instances = 0;
    bool operator==(const MdevType&) const = default;
};

/// `<capability type='mdev_types'>` in that of the real device.
struct MdevTypes {
    std::vector<MdevType> types;
    bool operator==(const MdevTypes&) const = default;
};

extern const xml::Element<Mdev> mdev;
extern const xml::Element<MdevTypes> mdev_types;

}  // namespace innkeeper::model::nodedev
