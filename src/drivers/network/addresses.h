#pragma once

#include <string>

#include "model/network/network.h"

namespace innkeeper::network {

/// Where the host can be reached on a network: the address that its document gives to a bridge of the network's own, else
/// that of the device it goes through. Throws Error (internal_error) where there is none.
std::string host_address(const model::Network& network);

}  // namespace innkeeper::network
