#pragma once

#include <compare>
#include <vector>

#include "xml/description.h"

namespace innkeeper::model {

/// Which of the host's users and groups those of a container are. Sorted by their numbers in the container; whoever
/// maps users maps groups, and the root of both.
struct IdMap {
    struct Range {
        unsigned start = 0;   ///< in the container
        unsigned target = 0;  ///< on the host
        unsigned count = 0;
        auto operator<=>(const Range&) const = default;
    };
    std::vector<Range> users, groups;
    bool operator==(const IdMap&) const = default;
};

extern const xml::Element<IdMap> id_map_element;

}  // namespace innkeeper::model
