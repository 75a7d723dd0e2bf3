#pragma once

#include <optional>
#include <string>

#include "base/uuid.h"
#include "xml/description.h"

namespace innkeeper::model::nodedev {

/// The host itself: what its maker and its firmware say of it.
struct System {
    std::string product;
    std::string vendor, version, serial;
    std::optional<Uuid> uuid;  ///< always there once a document has been read
    std::string firmware_vendor, firmware_version, firmware_release_date;
    bool operator==(const System&) const = default;
};

extern const xml::Element<System> system;

}  // namespace innkeeper::model::nodedev
