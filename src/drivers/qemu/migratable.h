#pragma once

#include "model/domain/domain.h"

namespace innkeeper::qemu {

/// The definition as another host is told it, for VIR_DOMAIN_XML_MIGRATABLE and saved images: without the devices that
/// each machine has anyhow, which older daemons did not know, and without what this start gave it.
model::DomainDef migratable(model::DomainDef def);

}  // namespace innkeeper::qemu
