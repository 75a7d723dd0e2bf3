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
    std::string results;
    XdrWriter writer{results};

    void clear() {
        row = nullptr;
        domain = ErrorDomain::none;
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
