#pragma once

#include <span>

#include "rpc/codec/procedure.h"

namespace innkeeper::test {

/// What the peer's test driver answers about guests and their machine. Everything else is not supported, also where our
/// guests could.
std::span<const protocol::Procedure* const> domain_procedures();

}  // namespace innkeeper::test
