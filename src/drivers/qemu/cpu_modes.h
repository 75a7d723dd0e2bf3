#pragma once

#include <vector>

#include "drivers/qemu/abilities/capabilities.h"
#include "model/capabilities/domain_capabilities.h"

namespace innkeeper::qemu {

/// The ways to choose the CPU of a guest, with what each leads to.
std::vector<model::CpuMode> cpu_modes(const Capabilities& capabilities, bool is_accelerated);

}  // namespace innkeeper::qemu
