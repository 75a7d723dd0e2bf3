#pragma once

#include "model/domain/domain.h"

namespace innkeeper::model {

/// What follows from the elements of a definition together: values that others imply are filled in, contradictions
/// are refused with the peer's code and sentence. Knows nothing of hypervisors.
void finish_domain(DomainDef& domain, const xml::Node& node, const xml::ParseFlags& flags);

}  // namespace innkeeper::model
