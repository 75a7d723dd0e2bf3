#pragma once

#include <span>
#include <string_view>

namespace innkeeper::qemu {

/// The names of CPU models that a definition of this architecture can use, oldest first. Empty where any name goes.
/// Throws Error: invalid_arg for a word that is no architecture, no_support for one without known models.
std::span<const std::string_view> cpu_names(std::string_view arch);

}  // namespace innkeeper::qemu
