#pragma once

#include "model/domain/domain.h"

namespace innkeeper::qemu {

/// Fills in what lies below each disk, as the heads of its images say, down to the end of the chain, so that QEMU opens
/// what the daemon has seen and nothing else. What the definition says of a chain itself is kept. Throws Error
/// naming the image; reads files, which may hang: for the pool.
void complete_chains(model::DomainDef& def);

}  // namespace innkeeper::qemu
