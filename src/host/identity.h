#pragma once

#include <optional>
#include <string_view>

#include "base/uuid.h"

/// Which host this is, for those who manage many.
namespace innkeeper::host {

enum class UuidSource { smbios, machine_id };

/// What the administrator says of it, once at the start: `uuid` as it is, or else where it comes from. Throws Error
/// (internal_error) in the peer's words if there is no such source, or the UUID is none, or all its digits are alike.
void set_uuid(std::optional<std::string_view> uuid, std::string_view source);

/// By default the board's own (SMBIOS), as the peer has it; where that has none the installation's (machine-id(5)),
/// which outlives the daemon too.
Uuid uuid();

}  // namespace innkeeper::host
