#pragma once

#include "drivers/qemu/command/command.h"
#include "drivers/qemu/driver.h"

namespace innkeeper::qemu {

/// What the secrets of disks are needed for.
struct Driver::DiskSecrets {
    CapabilitiesPtr capabilities;
    CommandContext context;
};

}  // namespace innkeeper::qemu
