#pragma once

#include <boost/json/value.hpp>

#include "drivers/qemu/abilities/capabilities.h"

namespace innkeeper::qemu {

/// Fills commands, events and the flat `schema` of the capabilities from the answer to query-qmp-schema.
void read_schema(const boost::json::value& answer, Capabilities& into);

}  // namespace innkeeper::qemu
