#pragma once

#include "base/error_codes.h"

namespace innkeeper {

/// The domain of errors of the host's own facilities, which belong to no driver: 0 for clients, where an Error without
/// a domain gets that of the driver that threw it.
inline constexpr ErrorDomain no_domain = static_cast<ErrorDomain>(-1);

}  // namespace innkeeper
