#pragma once

#include <cstdint>
#include <string_view>

namespace innkeeper::xml {

/// Bytes in one `unit`: B, bytes, KB (1000), KiB or K (1024), … EiB, in any case; no unit means `otherwise`.
/// Throws "unknown suffix 'parsec'" (invalid_arg).
std::uint64_t bytes_in(std::string_view unit, std::string_view otherwise);

/// `count` of `from` as a count of `to`, rounded up. Throws `overflow` where it does not fit.
std::uint64_t convert_amount(std::uint64_t count, std::string_view from, std::string_view to);

}  // namespace innkeeper::xml
