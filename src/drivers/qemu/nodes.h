#pragma once

#include <boost/json/value.hpp>
#include <memory>
#include <string>
#include <vector>

#include "drivers/qemu/machine.h"

/// The images that a running QEMU has open, by their node names.
namespace innkeeper::qemu {

/// What the guest sees of it, in bytes; `nodes` as query-named-block-nodes gives them. Throws Error if it is not there.
std::uint64_t image_size(const boost::json::value& nodes, const std::string& name);

/// Closes them, the last one first; what cannot be closed stays.
Task<> forget_nodes(std::shared_ptr<QemuMachine> machine, std::vector<std::string> nodes);

}  // namespace innkeeper::qemu
