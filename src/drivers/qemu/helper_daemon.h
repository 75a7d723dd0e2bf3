#pragma once

#include <memory>
#include <string>

#include "base/paths.h"
#include "loop/task.h"
#include "rpc/client/client.h"

namespace innkeeper::qemu {

/// virtlogd or virtlockd. For the host's own daemon a service manager has its socket; for an ordinary user, and below a
/// root, whoever needs it starts it.
class HelperDaemon {
  public:
    HelperDaemon(const Paths& paths, std::string name);

    const std::string& socket() const { return socket_; }
    /// A connection for one errand, as the peer's are: the daemon may come and go between two. Throws Error.
    Task<std::shared_ptr<rpc::Client>> connect() const;
    /// It listens then, if that is ours to see to.
    Task<> be_there() const;

  private:
    std::shared_ptr<rpc::Client> try_connect() const;
    Task<> start() const;

    const std::string root_, name_, socket_;
    const bool starts_it_;
};

}  // namespace innkeeper::qemu
