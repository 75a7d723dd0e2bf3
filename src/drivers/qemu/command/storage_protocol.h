#pragma once

#include <string>

#include "drivers/qemu/command/builder.h"

namespace innkeeper::qemu {

/// The members of the storage node that say where the bytes lie, the driver first.
Props network_location(Builder& b, const model::StorageSource& source, const std::string& node);
/// The same of a target that is reached over iSCSI; what opens it is an object of that id.
Props iscsi_location(Builder& b, const model::StorageSource& source, const std::string& secret);

}  // namespace innkeeper::qemu
