#pragma once

#include "app/options.h"
#include "app/program.h"
#include "base/paths.h"
#include "config/daemon_settings.h"
#include "config/setting.h"

namespace innkeeper::app {

/// The daemon's own file: the one that was asked for, or else the standard one; empty if that is not there.
std::string configuration_file(const Program& program, const Options& options, const Paths& paths);

/// Of a daemon with drivers. Throws Error as the peer words it.
config::DaemonSettings read_settings(const Program& program, const Options& options, const Paths& paths,
                                     config::Remarks& remarks);

/// Option over environment over file. Throws Error if one of them makes no sense.
void set_up_log(const Program& program, const Options& options, const Paths& paths,
                const config::DaemonSettings& settings);

}  // namespace innkeeper::app
