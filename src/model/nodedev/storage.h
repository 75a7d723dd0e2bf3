#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "xml/description.h"

namespace innkeeper::model::nodedev {

/// What lies in a drive that can be opened.
struct RemovableMedium {
    unsigned is_available = 0;
    std::uint64_t size = 0;
    std::string label;
    std::uint64_t block_size = 0, blocks = 0;
    bool operator==(const RemovableMedium&) const = default;
};
struct Hotpluggable {
    bool operator==(const Hotpluggable&) const = default;
};
struct StorageCapability {
    std::variant<RemovableMedium, Hotpluggable> kind;
    bool operator==(const StorageCapability&) const = default;
};

struct Storage {
    std::string block;  ///< the path of its device
    std::string bus, drive_type, model, vendor, serial;
    std::optional<std::uint64_t> size;  ///< of one that cannot be opened, in bytes
    std::uint64_t block_size = 0, blocks = 0;
    std::vector<StorageCapability> capabilities;
    bool operator==(const Storage&) const = default;
};

extern const xml::Element<Storage> storage;

}  // namespace innkeeper::model::nodedev
