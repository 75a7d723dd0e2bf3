#pragma once

// Private to this room.

#include <string_view>

#include "model/cpu_set.h"
#include "xml/node.h"

namespace innkeeper::model {

/// Throws Error (config_unsupported) for a set that excludes all that it names ("^1"): nothing could run there.
void refuse_empty_set(const CpuSet& set, const xml::Node& node, std::string_view attribute);

}  // namespace innkeeper::model
