#pragma once

#include <string>
#include <vector>

#include "xml/description.h"

namespace innkeeper::model {

/// The filter for packets that something refers to (a network card, another filter, a binding), with values for its
/// variables. Read as the peer does: what cannot be a name or a value is left out, names are in order, and the values
/// of one name stay in theirs.
struct FilterReference {
    struct Parameter {
        std::string name, value;
        bool operator==(const Parameter&) const = default;
    };
    std::string filter;
    std::vector<Parameter> parameters;
    bool operator==(const FilterReference&) const = default;
};

extern const xml::Element<FilterReference> filter_reference_element;

}  // namespace innkeeper::model
