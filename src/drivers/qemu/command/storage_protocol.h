#pragma once

#include <string>

#include "drivers/qemu/command/builder.h"

namespace innkeeper::qemu {

/// The members of the storage node that say where the bytes lie, the driver first.
Props network_location(Builder& b, const model::StorageSource& source, const std::string& node);

}  // namespace innkeeper::qemu
