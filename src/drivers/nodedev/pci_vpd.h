#pragma once

#include <optional>
#include <string_view>

#include "model/nodedev/vpd.h"

namespace innkeeper::nodedev {

/// The vital product data of a PCI device out of its bytes. Nothing if they are not what the standard says: a name, the
/// read-only fields with their checksum, perhaps some that can be written.
std::optional<model::nodedev::Vpd> parse_vpd(std::string_view bytes);

}  // namespace innkeeper::nodedev
