#pragma once

#include "drivers/qemu/abilities/capabilities.h"
#include "xml/writer.h"

namespace innkeeper::qemu {

/// Which CPUs an emulator's guests can have, in the capabilities of its domains.
void write_cpu_modes(xml::Writer& out, const Capabilities& capabilities, bool accelerated);

}  // namespace innkeeper::qemu
