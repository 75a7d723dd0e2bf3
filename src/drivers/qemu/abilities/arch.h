#pragma once

#include <span>
#include <string_view>

namespace innkeeper::qemu {

/// An architecture that QEMU emulates: its word in XML, in QEMU's own answers, and in the name of the binary.
struct Arch {
    std::string_view name;    ///< in XML: "i686"
    std::string_view target;  ///< of query-target, and behind "qemu-system-": "i386"
    unsigned bits;
};

std::span<const Arch> arches();
/// Null if it is none.
const Arch* arch_of_name(std::string_view name);
const Arch* arch_of_target(std::string_view target);

/// What this machine is, as in XML: "x86_64".
std::string_view host_arch();

}  // namespace innkeeper::qemu
