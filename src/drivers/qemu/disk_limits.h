#pragma once

#include "drivers/qemu/qmp/qmp.h"
#include "model/domain/disk.h"

namespace innkeeper::qemu {

/// What gives a running guest's disk its limits.
QmpCommand limits_of(const model::Disk& disk);

}  // namespace innkeeper::qemu
