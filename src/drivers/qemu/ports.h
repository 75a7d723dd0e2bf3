#pragma once

#include <memory>
#include <set>
#include <string>

namespace innkeeper::qemu {

/// Network ports for the guests' screens. A port is taken until its Lease goes.
class Ports {
  public:
    /// `what` is for messages: "VNC".
    Ports(std::string what, unsigned first, unsigned last);

    using Lease = std::shared_ptr<void>;
    /// A port that nobody on this machine listens at. Throws Error if there is none.
    std::pair<unsigned, Lease> take();
    /// That port, which its user chose.
    Lease reserve(unsigned port);

  private:
    Lease lease(unsigned port);

    std::string what_;
    unsigned first_, last_;
    /// Shared with the leases, which may outlive us.
    std::shared_ptr<std::multiset<unsigned>> taken_ = std::make_shared<std::multiset<unsigned>>();
};

}  // namespace innkeeper::qemu
