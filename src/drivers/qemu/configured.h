#pragma once

#include <sys/resource.h>

#include <string>
#include <utility>
#include <vector>

#include "base/paths.h"
#include "config/qemu_settings.h"
#include "drivers/qemu/command/command.h"

/// What qemu.conf decides about guests.
namespace innkeeper::qemu {

/// What a command line hears of it, whoever's it is. Throws Error (conf_syntax) if a folder of certificates that is
/// named is not there.
CommandContext configured_context(const config::QemuSettings& settings, const Paths& paths);

/// Settles what a definition leaves open: which connections are encrypted, and where the sockets of screens are.
void settle_by_settings(model::DomainDef& def, const config::QemuSettings& settings, const std::string& folder);

/// The password of a screen, the configuration's if it has none of its own; empty: none.
std::string password_of(const model::Graphics& graphics, const config::QemuSettings& settings);

/// Of the process: RLIMIT_… and value.
std::vector<std::pair<int, rlimit>> limits_of(const config::QemuSettings& settings);

}  // namespace innkeeper::qemu
