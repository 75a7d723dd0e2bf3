#pragma once

#include <string>

#include "drivers/qemu/abilities/probe.h"

namespace innkeeper::qemu {

/// As whom guests run, from the names in qemu.conf: a name, or a number with or without "+". For the daemon of an
/// ordinary user, and where the result is who we are anyway, nothing. A name that is not known on this host is logged,
/// and guests then run as the daemon does.
RunAs identity(bool is_system, const std::string& user, const std::string& group);

/// "+UID:+GID", as in `<seclabel model='dac'>`.
std::string dac_label(const RunAs& run_as);

}  // namespace innkeeper::qemu
