#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "drivers/qemu/command/command.h"

namespace innkeeper::qemu {

/// 32 random bytes: what one run's secrets are sealed with. QEMU reads it from a file that only it can open.
std::string make_master_key();

/// The value as QEMU's `secret` objects take it (AES-256-CBC, PKCS#7 padding): it can stand on a command line and in a
/// log, where the key never does. Each sealing has an initialization vector of its own.
SealedSecret seal(const std::string& master_key, std::span<const std::uint8_t> value);

}  // namespace innkeeper::qemu
