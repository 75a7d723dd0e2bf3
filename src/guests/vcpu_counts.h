#pragma once

#include "model/domain/domain.h"

namespace innkeeper::guests {

/// How many virtual processors are there at a start, of how many at most.
inline unsigned current_vcpus(const model::DomainDef& def) { return def.vcpus.current.value_or(def.vcpus.maximum); }

}  // namespace innkeeper::guests
