#pragma once

#include <string>
#include <string_view>

namespace innkeeper {

/// A connection URI in its parts.
struct Uri {
    std::string scheme, authority, path, query, fragment;

    /// Throws Error (internal_error) if it is none. One without a scheme is a URI, too.
    static Uri parse(std::string_view text);
};

}  // namespace innkeeper
