#pragma once

#include <string>

#include "rpc/codec/procedure.h"

namespace innkeeper::rpc {

/// A daemon beside us that has a driver which we have not.
struct Upstream {
    std::string program;  ///< "virtnetworkd"
    std::string socket;   ///< its read-write socket
    std::string uri;      ///< what to open there
    /// Which procedures it has.
    bool (*serves)(const protocol::Procedure& row);
};

}  // namespace innkeeper::rpc
