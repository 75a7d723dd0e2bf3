#pragma once

// Private to this room.

#include "rpc/codec/caller.h"
#include "rpc/codec/typed_params.h"

namespace innkeeper::rpc {

/// As virConnectSetIdentity takes it.
TypedParams identity_params(const Identity& identity);
/// The other way. Throws Error (invalid_arg) for parameters that are none of these.
Identity identity_from(const TypedParams& params);

}  // namespace innkeeper::rpc
