#pragma once

#include "base/error.h"

namespace innkeeper {

/// Does it, and an Error that it throws without a domain has this one. A document's complaints are those of its kind
/// ("domain", "network"), whichever driver reads it.
template <class Do>
auto in_domain(ErrorDomain domain, Do&& it) try {
    return it();
} catch (Error& error) {
    error.set_domain_if_none(domain);
    throw;
}

}  // namespace innkeeper
