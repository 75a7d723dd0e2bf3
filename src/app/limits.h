#pragma once

#include "config/daemon_settings.h"
#include "rpc/server/limits.h"

namespace innkeeper::app {

/// What the settings say about a daemon's clients, and about those of its admin socket.
rpc::Limits client_limits(const config::DaemonSettings& settings);
rpc::Limits admin_limits(const config::DaemonSettings& settings);

}  // namespace innkeeper::app
