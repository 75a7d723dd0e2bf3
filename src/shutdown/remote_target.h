#pragma once

#include <string>

#include "base/uri.h"
#include "shutdown/target.h"

namespace innkeeper::shutdown {

/// A daemon of another host, of which nothing is known but what it says. `uri` is what the configuration calls it.
/// Throws Error if it cannot be reached by `transport`.
Target remote_target(const std::string& uri, const Uri& given, const std::string& driver, const std::string& transport);

}  // namespace innkeeper::shutdown
