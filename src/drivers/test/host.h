#pragma once

#include <string_view>

/// The simulated machine.
namespace innkeeper::test {

constexpr int most_vcpus = 32;

extern const std::string_view capabilities_document;

}  // namespace innkeeper::test
