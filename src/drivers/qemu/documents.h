#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "drivers/qemu/abilities/abilities.h"

namespace innkeeper::qemu {

/// `<capabilities>`: the host, and the guests that its emulators can run. `dac` is as for describe_host.
std::string capabilities_document(const std::vector<Abilities::Installed>& emulators, std::string_view dac);

}  // namespace innkeeper::qemu
