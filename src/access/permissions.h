#pragma once

#include <memory>
#include <string>

#include "loop/task.h"
#include "rpc/codec/caller.h"

/// Who decides what a client may do that may connect.
namespace innkeeper::access {

class Permissions {
  public:
    virtual ~Permissions() = default;
    /// Whether this client has to be asked about at all.
    virtual bool concern(const rpc::Identity& who) const = 0;
    /// Whether the client may do to the object what the rule names. `driver` is what rules know the connection's driver
    /// as. Throws Error (access_denied) if that cannot be found out.
    virtual Task<bool> allow(rpc::Identity who, std::string driver, protocol::AccessRule rule,
                             protocol::Subject object) = 0;
};

class Polkit;
/// By polkit's rules about actions `org.libvirt.api.OBJECT.PERMISSION`; nobody is asked for a password.
std::unique_ptr<Permissions> permissions_by(Polkit& polkit);

}  // namespace innkeeper::access
