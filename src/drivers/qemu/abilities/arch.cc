#include "drivers/qemu/abilities/arch.h"

#include <sys/utsname.h>

#include <algorithm>
#include <array>

namespace innkeeper::qemu {

namespace {

/// In the peer's order, and those that it knows.
constexpr std::array<Arch, 26> known{{
    {"alpha", "alpha", 64},
    {"armv6l", "arm", 32},
    {"armv7l", "arm", 32},
    {"aarch64", "aarch64", 64},
    {"cris", "cris", 32},
    {"i686", "i386", 32},
    {"m68k", "m68k", 32},
    {"microblaze", "microblaze", 32},
    {"microblazeel", "microblazeel", 32},
    {"mips", "mips", 32},
    {"mipsel", "mipsel", 32},
    {"mips64", "mips64", 64},
    {"mips64el", "mips64el", 64},
    {"ppc", "ppc", 32},
    {"ppc64", "ppc64", 64},
    {"ppc64le", "ppc64", 64},
    {"riscv32", "riscv32", 32},
    {"riscv64", "riscv64", 64},
    {"s390x", "s390x", 64},
    {"sh4", "sh4", 32},
    {"sh4eb", "sh4eb", 64},
    {"sparc", "sparc", 32},
    {"sparc64", "sparc64", 64},
    {"x86_64", "x86_64", 64},
    {"xtensa", "xtensa", 32},
    {"xtensaeb", "xtensaeb", 32},
}};

const Arch* find(std::string_view Arch::*key, std::string_view value) {
    const auto found = std::ranges::find(known, value, key);
    return found == known.end() ? nullptr : &*found;
}

}  // namespace

std::span<const Arch> arches() { return known; }
const Arch* arch_of_name(std::string_view name) { return find(&Arch::name, name); }
const Arch* arch_of_target(std::string_view target) {
    return target == "arm" ? arch_of_name("armv7l") : find(&Arch::target, target);
}

std::string_view host_arch() {
    static const std::string_view arch = [] {
        utsname host{};
        ::uname(&host);
        const std::string_view machine(host.machine);
        if (const Arch* known_arch = arch_of_name(machine)) return known_arch->name;
        if (machine.size() == 4 && machine.starts_with('i') && machine.ends_with("86")) return std::string_view("i686");
        return std::string_view("x86_64");
    }();
    return arch;
}

}  // namespace innkeeper::qemu
