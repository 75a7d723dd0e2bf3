#pragma once

#include <functional>
#include <string>

#include "rpc/codec/procedure.h"

namespace innkeeper::rpc {

/// A daemon beside us that has a driver which we have not.
struct Upstream {
    std::string program;  ///< "virtnetworkd"
    std::string socket;   ///< its read-write socket
    std::string uri;      ///< what to open there
    /// What tells that we are one of the host's daemons, and may say for whom we ask; empty: we cannot.
    std::function<std::string()> token;
    /// Which procedures it has.
    bool (*serves)(const protocol::Procedure& row);
};

}  // namespace innkeeper::rpc
