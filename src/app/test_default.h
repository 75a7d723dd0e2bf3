#pragma once

#include <string_view>

namespace innkeeper::app {

/// The <node> document of `test:///default`.
extern const std::string_view test_default;

}  // namespace innkeeper::app
