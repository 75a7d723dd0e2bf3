#pragma once

#include <string>
#include <string_view>

/// What QEMU calls things of CPUs that have other names with everybody else.
namespace innkeeper::qemu {

/// QEMU knows the older name where ours is a newer one or another's. Otherwise it writes hyphens for underscores.
std::string qemu_feature(std::string_view name);

/// "Intel" for "GenuineIntel"; empty for one that has no name.
std::string_view vendor_of_qemu(std::string_view signature);

}  // namespace innkeeper::qemu
