#pragma once

// Private to this room.

#include <memory>
#include <string>
#include <vector>

#include "rpc/server/session.h"

namespace innkeeper::rpc {

/// One call on its way through a handler. Its memory is used again for the next.
struct Session::Call {
    MessageHeader header;
    const protocol::Procedure* row = nullptr;
    ErrorDomain domain = ErrorDomain::none;
    Caller caller;
    /// Of a handler that waits: it may be all that still holds what the session had opened.
    std::shared_ptr<const DriverSet> drivers;
    bool relayed = false;  ///< a daemon beside us answers
    std::string results;
    XdrWriter writer{results};

    void clear() {
        row = nullptr;
        relayed = false;
        domain = ErrorDomain::none;
        drivers.reset();
        caller.session.reset();
        caller.row = nullptr;
        caller.fds.reset();
        caller.reply_fds.reset();
        if (results.capacity() > (64U << 10))
            results = std::string();
        else
            results.clear();
    }
};

}  // namespace innkeeper::rpc
