#pragma once

#include <optional>
#include <string>
#include <vector>

#include "model/interface/interface.h"

/// The host's network interfaces as the kernel tells of them. All of it blocks: for the pool.
namespace innkeeper::host_interface {

struct Seen {
    std::string name, mac;
    std::string state;  ///< the kernel's word (operstate)
};

/// All but those that belong to something else: ports of bridges, and what programs made for themselves (taps).
std::vector<Seen> list_interfaces();
/// Any of them by its name.
std::optional<Seen> find_interface(const std::string& name);

/// The document. Throws Error (internal_error) where the kernel does not say what it needs.
model::host_interface::Interface read_interface(const std::string& name);

}  // namespace innkeeper::host_interface
