#pragma once

#include <optional>
#include <string>

#include "drivers/qemu/abilities/capabilities.h"

/// Capabilities on disk, so that no emulator is asked twice: one JSON file per binary, which begins with everything
/// that its answers depended on. When any of that is different the file is of no use and will be replaced.
namespace innkeeper::qemu {

/// What the answers of that binary depend on: the file itself (inode, size, times), this program's format, the kernel,
/// the processor, and whether KVM may be opened. Empty if there is no such file.
std::string fingerprint(const std::string& binary);

std::string to_cache_text(const Capabilities& capabilities, const std::string& fingerprint);
/// nullopt if the text is broken, or belongs to another fingerprint.
std::optional<Capabilities> from_cache_text(const std::string& text, const std::string& fingerprint);

/// The file's name: the binary's path with its slashes replaced.
std::string cache_file(const std::string& directory, const std::string& binary);

}  // namespace innkeeper::qemu
