#pragma once

#include <boost/json/array.hpp>

#include "guests/hypervisor.h"

/// Notes of what is written to an image.
namespace innkeeper::qemu {

/// What makes a checkpoint's, for a transaction. Throws Error where the guest's images cannot have them.
boost::json::array checkpoint_actions(const guests::Guest& guest, const model::CheckpointDef& checkpoint);

}  // namespace innkeeper::qemu
