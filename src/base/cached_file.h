#pragma once

#include <cstddef>
#include <optional>
#include <string>

namespace innkeeper {

/// The file, if it can be had without waiting for a disk or a server: for the loop itself. Nothing if it is larger than
/// `most`, not a plain file, not wholly in the kernel's memory, not there, or if that cannot be told: read_file, in the
/// pool, knows.
std::optional<std::string> read_cached_file(const std::string& path, std::size_t most);

}  // namespace innkeeper
