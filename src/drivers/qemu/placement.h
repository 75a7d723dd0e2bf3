#pragma once

#include "model/domain/domain.h"

namespace innkeeper::qemu {

/// Throws Error where a guest's memory is to come from nodes that the host does not have, or from such as a program of
/// the host's should choose, which nothing here asks.
enum class WhenPlaced { start, native };
void check_placement(const model::DomainDef& def, WhenPlaced when);
/// The same for memory that is plugged in, once all else that its words need is known to be there.
void check_modules(const model::DomainDef& def);

}  // namespace innkeeper::qemu
