#pragma once

#include <span>
#include <string_view>

namespace innkeeper::config {

/// The one of the known names that somebody probably meant who wrote this: letters that are missing, too many, swapped,
/// others, or of the other case, a few of them. Empty if none is near.
std::string_view nearest_name(std::string_view written, std::span<const std::string_view> known);

}  // namespace innkeeper::config
