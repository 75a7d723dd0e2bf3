#pragma once

#include <string>
#include <vector>

#include "xml/description.h"

namespace innkeeper::xml {

/// One place where two objects of a kind say different things.
struct Difference {
    std::string path;  ///< "domain/devices/memballoon@model"
    std::string before, after;
    bool is_fixed = false;  ///< the guest can see it: marked `.fixed_across_migration()`

    bool operator==(const Difference&) const = default;
};

std::vector<Difference> compare_objects(const Description&, const void* before, const void* after);

/// All differences, in document order. What has a struct but no mark may differ; whoever checks a migration looks for
/// `is_fixed`, whoever checks an update names what was changed.
template <class T>
std::vector<Difference> compare(const Element<T>& element, const T& before, const T& after) {
    return compare_objects(element, &before, &after);
}

}  // namespace innkeeper::xml
