#pragma once

#include "model/domain/domain.h"

namespace innkeeper::model {

/// Once the document has been read: settle_domain, and what only the document tells.
void finish_domain(DomainDef& domain, const xml::Node& node, const xml::ParseFlags& flags);

/// What follows from the elements of a definition together: values that others imply are filled in, contradictions
/// are refused with the peer's code and sentence. Knows nothing of hypervisors. A definition that was settled and
/// changed since can be settled again.
void settle_domain(DomainDef& domain);

/// What no hypervisor could run, of a definition that is settled: asked once it is known that there is one for it.
void check_domain(const DomainDef& domain);

/// Names are for one device each.
void check_aliases(const Devices& devices);

/// Without a word on it a disk's bus follows from its target's name.
void settle_bus(Disk& disk);

}  // namespace innkeeper::model
