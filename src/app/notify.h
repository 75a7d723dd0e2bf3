#pragma once

namespace innkeeper::app {

/// One datagram to the service manager, if there is one.
void notify_ready();

}  // namespace innkeeper::app
