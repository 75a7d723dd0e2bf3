#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

/// What every class of objects has to do with the arguments of its procedures.
namespace innkeeper::objects {

/// Refuses flags that the function does not know, as the peer does: "unsupported flags (0x2) in function
/// secretDefineXML".
void allow_flags(std::uint32_t flags, std::uint32_t known, ErrorDomain domain, std::string_view function);

/// A pair of flags in a list's filter, such as ACTIVE and INACTIVE: neither or both let everything through.
constexpr bool passes(std::uint32_t flags, std::uint32_t if_true, std::uint32_t if_false, bool is) {
    return (flags & (if_true | if_false)) == 0 || (flags & (is ? if_true : if_false)) != 0;
}

/// No more names than the client has room for.
inline std::vector<std::string> at_most(std::vector<std::string> names, std::int32_t most) {
    if (names.size() > static_cast<std::size_t>(std::max(most, 0)))
        names.resize(static_cast<std::size_t>(std::max(most, 0)));
    return names;
}

}  // namespace innkeeper::objects
