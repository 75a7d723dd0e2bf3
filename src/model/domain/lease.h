#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "xml/description.h"

namespace innkeeper::model {

/// A lock that the guest holds while it runs.
struct Lease {
    std::string lockspace, key, path;
    std::optional<std::uint64_t> offset;
    bool operator==(const Lease&) const = default;
};

extern const xml::Element<Lease> lease_element;

}  // namespace innkeeper::model
