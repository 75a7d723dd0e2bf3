#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "drivers/qemu/abilities/capabilities.h"
#include "model/domain/domain.h"

/// From the definition that a client sent to the one that is kept: everything that it left open is decided (machine,
/// CPU, controllers, models, addresses), and what QEMU could not run is refused. Pure functions of values, for the
/// pool.
namespace innkeeper::qemu {

/// What the host and its administrator add to the answer.
struct HostFacts {
    model::Architecture arch = model::Architecture::x86_64;
    std::map<model::Architecture, std::string> emulators;  ///< what a guest of that architecture runs on by default
    bool spice_tls = false;                                ///< of qemu.conf
    bool vnc_auto_unix_socket = false, spice_auto_unix_socket = false;
    bool has_swtpm = false;  ///< an emulated TPM can be had
    bool has_sev = false;    ///< the processor encrypts guests' memory
    std::string nvram_folder = "/var/lib/libvirt/qemu/nvram";
    std::string channel_folder = "/var/lib/libvirt/qemu/channel/target";
    std::string security_model = "none";  ///< what labels guests that do not say
    std::uint64_t seed = 0;               ///< for what is generated: MAC addresses
};

enum class Purpose {
    fresh,   ///< a client's document: whatever is left open gets today's default, and all of it is checked
    stored,  ///< from the daemon's own files: complete already, kept even if it could not run today
    change,  ///< complete, but for a device that came, went or became another: what is numbered keeps its numbers
};

/// The first step, before the emulator can be asked what it is able to do: settles architecture and emulator, and
/// returns the emulator's path.
std::string choose_emulator(model::DomainDef& def, const HostFacts& host);

/// The second step. Throws what the peer says where something does not fit.
model::DomainDef complete(model::DomainDef def, const Capabilities& capabilities, const HostFacts& host,
                          Purpose purpose = Purpose::fresh);

/// Refuses what QEMU could not have: the last of the devices whose element has that name. What is wrong with it among
/// the others is for `complete` to find.
void check_device(model::DomainDef def, std::string_view element, const Capabilities& capabilities,
                  const HostFacts& host);

/// Where a guest's sound goes if its definition does not say.
std::vector<model::Audio> implied_audios(const model::Devices& devices);

/// Gives every device of a guest that is about to run its name: "virtio-disk0", "pci.1". The user's own stay.
void assign_aliases(model::DomainDef& def);

}  // namespace innkeeper::qemu
