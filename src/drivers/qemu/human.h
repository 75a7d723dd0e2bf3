#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "drivers/qemu/qmp/qmp.h"

/// Commands that QEMU has for people only.
namespace innkeeper::qemu {

/// A word of such a command that may hold anything.
std::string quoted(std::string_view word);

/// Throws Error with what QEMU has against it: such commands say nothing if all is well.
Task<> human(Qmp& monitor, std::string line, std::chrono::milliseconds limit);

}  // namespace innkeeper::qemu
