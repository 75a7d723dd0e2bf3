#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace innkeeper::qemu {

/// A machine type of an emulator.
struct MachineType {
    std::string name;   ///< "pc-i440fx-7.2"
    std::string alias;  ///< "pc", or empty
    std::uint32_t max_cpus = 1;
    bool hotpluggable_cpus = false;
    bool numa_memory = false;
    bool deprecated = false;
    bool is_default = false;
    std::string default_cpu;  ///< a QOM type: "qemu64-x86_64-cpu"
    std::string default_ram;  ///< id of the RAM region: "pc.ram"; empty: the machine does not say

    bool operator==(const MachineType&) const = default;
};

/// A CPU model of an emulator.
struct CpuModel {
    std::string name;
    std::string type;  ///< the QOM type
    bool deprecated = false;
    std::vector<std::string> unavailable;  ///< features that this host cannot give it; not empty: not usable
    bool tells_unavailable = true;         ///< otherwise nobody knows whether it is usable

    bool operator==(const CpuModel&) const = default;
};

/// The CPU with all that an emulator can give to a guest, spelled out by itself.
struct CpuExpansion {
    std::string vendor;  ///< as the processor says it: "AuthenticAMD"
    std::uint32_t family = 0, model = 0, stepping = 0;
    std::set<std::string, std::less<>> features;  ///< those that are on, by QEMU's names

    bool operator==(const CpuExpansion&) const = default;
};

/// What one emulator binary can do, as it said itself. An immutable value: made by the probe or read from the cache,
/// shared by everybody who asks.
struct Capabilities {
    std::string binary;  ///< the path that was probed
    std::uint32_t major = 0, minor = 0, micro = 0;
    std::string package;  ///< the distribution's words: "Debian 1:7.2+dfsg-7"
    std::string arch;     ///< as in XML: "x86_64", "i686", "aarch64", …
    bool kvm = false;     ///< an accelerated guest was really started by the probe

    std::vector<MachineType> machines;         ///< in QEMU's order
    std::set<std::string, std::less<>> types;  ///< every QOM type: devices, objects, backends
    std::map<std::string, std::set<std::string>, std::less<>> properties;  ///< of the devices that the probe asked for
    std::set<std::string, std::less<>> commands, events;                   ///< of QMP
    /// Members of QMP's commands, below the command: "blockdev-add.file.locking", "screendump.format=png". A union's
    /// branch is a step of its own name, a value of an enumeration follows "=".
    std::set<std::string, std::less<>> schema;
    std::map<std::string, std::set<std::string>, std::less<>> options;  ///< command line option → its parameters
    std::vector<CpuModel> kvm_cpus, tcg_cpus;
    std::optional<CpuExpansion> kvm_most, tcg_most;
    /// Versions of ARM's interrupt controller: those that it emulates, and those that the kernel runs.
    std::set<std::string, std::less<>> gic_emulated, gic_kernel;
    std::set<std::string, std::less<>> tpm_models, tpm_types, migration;

    /// As virConnectGetVersion gives it: major * 1000000 + minor * 1000 + micro.
    std::uint64_t version() const { return major * 1000000ULL + minor * 1000ULL + micro; }

    /// The machine type of that name or alias; null if there is none.
    const MachineType* machine(std::string_view name_or_alias) const;
    /// What a definition that names none gets; null if the emulator has none.
    const MachineType* default_machine() const;
    const CpuModel* cpu_model(std::string_view name, bool accelerated) const;

    bool has_type(std::string_view type) const { return types.contains(type); }
    bool has_property(std::string_view device, std::string_view property) const;
    bool has_command(std::string_view command) const { return commands.contains(command); }
    bool has_schema(std::string_view path) const { return schema.contains(path); }
    bool has_option(std::string_view option, std::string_view parameter) const;

    bool operator==(const Capabilities&) const = default;
};

using CapabilitiesPtr = std::shared_ptr<const Capabilities>;

}  // namespace innkeeper::qemu
