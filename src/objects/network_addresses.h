#pragma once

#include <string>

#include "loop/task.h"

namespace innkeeper::objects {

/// Where this host can be reached on its virtual networks, for what shall listen there and nowhere else.
class NetworkAddresses {
  public:
    virtual ~NetworkAddresses() = default;

    /// Throws Error: no_network, or internal_error where the host has no address on it.
    virtual Task<std::string> address(std::string network) = 0;
};

}  // namespace innkeeper::objects
