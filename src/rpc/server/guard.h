#pragma once

// Private to this room.

#include <string>

#include "access/permissions.h"
#include "rpc/server/drivers.h"

namespace innkeeper::rpc {

/// What a connection's calls and events have to pass where the administrator's rules decide about each of them.
struct Guard {
    access::Permissions& permissions;
    std::shared_ptr<const DriverSet> drivers;
};

/// Asks for all rights that the row demands, then calls. `payload` are the arguments, `ret` must live on.
Task<> call_if_allowed(Guard guard, Caller caller, const Handler* handler, std::string payload, XdrWriter* ret);
/// Whether the client may do what the row demands, which is about the connection alone. Throws Error (access_denied).
Task<> ask_for_connection(Guard guard, Identity who, const protocol::Procedure* row);
/// Whether the event is for this client's eyes.
Task<bool> lets_through(Guard guard, Identity who, const protocol::Procedure* row, protocol::Subject object);

}  // namespace innkeeper::rpc
