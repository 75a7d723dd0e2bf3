#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace innkeeper::qemu {

/// The number by which QEMU knows a key (a PC's scan code, set 1, with 0x80 for the extended ones), for a code of one
/// of the sets that clients use (virKeycodeSet). nullopt: the set is unknown here, or has no such key.
std::optional<std::uint32_t> qemu_key(std::uint32_t codeset, std::uint32_t code);

/// The set's name as in `virsh send-key --codeset`.
std::string_view codeset_name(std::uint32_t codeset);

}  // namespace innkeeper::qemu
