#include <cstring>

#include "drivers/qemu/abilities/arch.h"
#include "drivers/qemu/complete/complete.h"
#include "drivers/qemu/driver.h"

/// What the host and its administrator add to a definition.
namespace innkeeper::qemu {

namespace {

/// An emulated TPM needs all three of them.
bool has_swtpm() {
    for (const auto* program : {"swtpm", "swtpm_setup", "swtpm_ioctl"})
        if (Abilities::program(program).empty()) return false;
    return true;
}

}  // namespace

HostFacts Driver::host_facts(const model::DomainDef& def) const {
    HostFacts facts;
    if (const auto arch = xml::value_of<model::Architecture>(host_arch())) facts.arch = *arch;
    for (const Arch& arch : arches()) {
        if (!def.devices.emulator.empty()) break;
        const auto known = xml::value_of<model::Architecture>(arch.name);
        if (!known) continue;
        if (auto binary = Abilities::binary_for(arch.name); !binary.empty())
            facts.emulators[*known] = std::move(binary);
    }
    facts.spice_tls = settings_.spice_tls;
    facts.vnc_auto_unix_socket = settings_.vnc_auto_unix_socket;
    facts.spice_auto_unix_socket = settings_.spice_auto_unix_socket;
    facts.has_swtpm = !def.devices.tpms.empty() && has_swtpm();
    facts.nvram_folder = nvram_folder();
    facts.channel_folder = paths_.files_of("qemu") + "/channel/target";
    // The first of those configured labels whoever does not say; without one nobody does.
    if (settings_.security_driver && !settings_.security_driver->names.empty())
        facts.security_model = settings_.security_driver->names.front();
    // (Of these 64 bits 60 are random.)
    std::memcpy(&facts.seed, Uuid::random().bytes.data(), sizeof facts.seed);
    return facts;
}

}  // namespace innkeeper::qemu
