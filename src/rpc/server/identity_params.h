#pragma once

// Private to this room.

#include <string_view>

#include "rpc/codec/caller.h"
#include "rpc/codec/typed_params.h"

namespace innkeeper::rpc {

/// Beside the public parameters (virConnectSetIdentity): that the host's own daemons know of each other.
inline constexpr std::string_view system_token_param = "system.token";

/// As virConnectSetIdentity takes it.
TypedParams identity_params(const Identity& identity);
/// The other way. Throws Error (invalid_arg) for parameters that are none of these.
Identity identity_from(const TypedParams& params);

}  // namespace innkeeper::rpc
