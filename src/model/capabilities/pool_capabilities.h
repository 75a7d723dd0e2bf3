#pragma once

#include <optional>
#include <string>
#include <vector>

#include "model/capabilities/support.h"
#include "xml/description.h"

namespace innkeeper::model {

/// What can be chosen for a storage pool of each type: `<storagepoolCapabilities>`.
struct PoolCapabilities {
    struct Format {
        std::string type;
        bool operator==(const Format&) const = default;
    };
    struct Options {
        Format default_format;
        Choice formats;
        bool operator==(const Options&) const = default;
    };
    struct Pool {
        std::string type;
        bool supported = false;
        std::optional<Options> pool, volume;
        bool operator==(const Pool&) const = default;
    };
    std::vector<Pool> pools;
    bool operator==(const PoolCapabilities&) const = default;
};

extern const xml::Element<PoolCapabilities> pool_capabilities_element;

}  // namespace innkeeper::model
