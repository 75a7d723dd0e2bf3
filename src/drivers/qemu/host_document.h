#pragma once

#include <string_view>

#include "xml/writer.h"

namespace innkeeper::qemu {

/// The `<host>` of the capabilities: what this machine is, as the kernel shows it now. `dac` is the label that guests
/// get from the discretionary access control: "+0:+0".
void write_host(xml::Writer& out, std::string_view dac);

}  // namespace innkeeper::qemu
