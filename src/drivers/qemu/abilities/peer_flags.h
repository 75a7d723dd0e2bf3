#pragma once

#include <string_view>
#include <vector>

#include "drivers/qemu/abilities/capabilities.h"

namespace innkeeper::qemu {

/// What an emulator can do, in the peer's words and order (`<qemuCaps>` of a status file): it takes over a running
/// guest only if its file says that. Words that the peer of version 9.0 does not know must not be among them.
std::vector<std::string_view> peer_flags(const Capabilities& capabilities);

}  // namespace innkeeper::qemu
