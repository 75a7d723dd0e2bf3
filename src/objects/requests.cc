#include "objects/requests.h"

#include <fmt/format.h>

namespace innkeeper::objects {

void allow_flags(std::uint32_t flags, std::uint32_t known, ErrorDomain domain, std::string_view function) {
    if ((flags & ~known) == 0) return;
    throw Error::invalid_argument(domain, function, "flags",
                                  fmt::format("unsupported flags (0x{:x}) in function {}", flags & ~known, function));
}

}  // namespace innkeeper::objects
