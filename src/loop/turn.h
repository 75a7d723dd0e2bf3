#pragma once

#include <cstdint>

namespace innkeeper {

/// Grows from turn to turn of the loop: tells who does work in place how much of it this turn has had already.
std::uint64_t loop_turn();

}  // namespace innkeeper
