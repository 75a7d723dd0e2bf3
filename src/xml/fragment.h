#pragma once

#include <string>

namespace innkeeper::xml {

/// A piece of a document that is kept as it came: an element that has no description of its own here, or free text of
/// the user's. Indented from column 0, with a newline at the end of each line, its namespaces declared on it.
struct Fragment {
    std::string source;
    bool operator==(const Fragment&) const = default;
};

}  // namespace innkeeper::xml
