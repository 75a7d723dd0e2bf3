#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace innkeeper::secret {

/// How a value lies on disk (RFC 4648, section 4, with padding, without line breaks).
std::string base64(std::span<const std::uint8_t> bytes);
/// Nothing if the text is no such encoding; white space at its end does not count.
std::optional<std::vector<std::uint8_t>> from_base64(std::string_view text);

}  // namespace innkeeper::secret
