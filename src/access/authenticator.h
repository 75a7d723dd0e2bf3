#pragma once

#include "loop/task.h"
#include "rpc/codec/caller.h"

/// Who may connect at all, where the socket's mode alone does not say it.
namespace innkeeper::access {

class Authenticator {
  public:
    virtual ~Authenticator() = default;
    /// Throws Error (auth_failed, auth_unavailable or auth_cancelled, of polkit) unless the client may connect. May
    /// wait for a person who types a password.
    virtual Task<> check(rpc::Identity identity, bool read_only) = 0;
};

}  // namespace innkeeper::access
