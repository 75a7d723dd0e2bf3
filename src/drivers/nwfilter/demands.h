#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "model/nwfilter/filter.h"

namespace innkeeper::nwfilter {

using DefPtr = std::shared_ptr<const model::Filter>;
/// The filter of that name; nothing if there is none.
using Lookup = std::function<DefPtr(std::string_view)>;

/// What it takes to put a filter into force, with all the filters that it leads to.
struct Demands {
    std::set<std::string, std::less<>> filters;
    bool has_rules = false;
    std::vector<std::string> unresolved;  ///< variables, or elements of their lists, that nobody gives a value: "FOO"
};

/// Throws Error if one of the filters is missing, or there are too many of them.
Demands demands_of(const model::FilterReference& reference, const Lookup& filters);

/// Whether the filter would lead to itself.
bool leads_to_itself(const model::Filter& filter, const Lookup& filters);

}  // namespace innkeeper::nwfilter
