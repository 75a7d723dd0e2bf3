#pragma once

#include <string_view>

#include "model/capabilities/host_capabilities.h"

namespace innkeeper::qemu {

/// The `<host>` of the capabilities: what this machine is, as the kernel shows it now. `dac` is the label that guests
/// get from the discretionary access control: "+0:+0".
model::HostDescription describe_host(std::string_view dac);

}  // namespace innkeeper::qemu
