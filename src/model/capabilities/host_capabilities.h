#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/uuid.h"
#include "model/capabilities/support.h"
#include "model/cpu_set.h"
#include "model/domain/host_cpu.h"
#include "xml/description.h"

/// What a host is and which guests it can run: `<capabilities>`.
namespace innkeeper::model {

/// A part of the host's memory and the processors near it.
struct HostCell {
    struct Pages {
        std::uint64_t size_kib = 0, count = 0;
        bool operator==(const Pages&) const = default;
    };
    struct Distance {
        unsigned id = 0, value = 0;
        bool operator==(const Distance&) const = default;
    };
    struct Processor {
        unsigned id = 0;
        std::optional<int> socket, die, core;  ///< of one that runs
        std::optional<CpuSet> siblings;        ///< threads of the same core, itself too
        bool operator==(const Processor&) const = default;
    };
    unsigned id = 0;
    std::uint64_t memory_kib = 0;
    std::vector<Pages> pages;
    std::vector<Distance> distances;
    std::vector<Processor> processors;
    bool operator==(const HostCell&) const = default;
};

/// A cache that processors share.
struct HostCache {
    unsigned id = 0, level = 0;
    std::string type;
    std::uint64_t size = 0;
    std::string unit;
    CpuSet cpus;
    bool operator==(const HostCache&) const = default;
};

/// A way to keep guests apart, and the label that they get of it.
struct SecurityModel {
    struct BaseLabel {
        std::string type, label;
        bool operator==(const BaseLabel&) const = default;
    };
    std::string model, domain_of_interpretation;
    std::vector<BaseLabel> labels;
    bool operator==(const SecurityModel&) const = default;
};

/// How guests can be moved from one host to another.
struct MigrationAbilities {
    bool live = false;
    std::vector<Word> transports;
    bool operator==(const MigrationAbilities&) const = default;
};

struct HostDescription {
    struct PowerManagement {
        bool to_memory = false, to_disk = false, hybrid = false;
        bool operator==(const PowerManagement&) const = default;
    };
    std::optional<Uuid> uuid;
    HostCpu cpu;
    PowerManagement power_management;
    bool iommu = false;
    std::optional<MigrationAbilities> migration;
    std::vector<HostCell> cells;
    std::vector<HostCache> caches;
    std::vector<SecurityModel> security;
    bool operator==(const HostDescription&) const = default;
};

/// Something that a guest has unless its definition says otherwise, where it may.
struct FeatureToggle {
    bool is_default = true, can_be_toggled = false;
    bool operator==(const FeatureToggle&) const = default;
};

/// What guests of one architecture can be.
struct GuestDescription {
    struct Machine {
        std::string canonical;  ///< of an alias
        std::optional<unsigned> max_cpus;
        std::optional<bool> deprecated;
        std::string name;
        bool operator==(const Machine&) const = default;
    };
    struct DomainType {
        std::string type;
        bool operator==(const DomainType&) const = default;
    };
    struct Features {
        bool pae = false, nonpae = false;
        std::optional<FeatureToggle> acpi, apic;
        bool cpu_selection = false, device_boot = false;
        std::optional<FeatureToggle> disk_snapshot;
        bool operator==(const Features&) const = default;
    };
    std::string os_type, arch;
    unsigned word_size = 0;
    std::string emulator;
    std::vector<Machine> machines;
    std::vector<DomainType> domain_types;
    Features features;
    bool operator==(const GuestDescription&) const = default;
};

struct HostCapabilities {
    HostDescription host;
    std::vector<GuestDescription> guests;
    bool operator==(const HostCapabilities&) const = default;
};

extern const xml::Element<HostCapabilities> host_capabilities_element;

/// As the peer writes it: empty lines between the parts.
std::string format_host_capabilities(const HostCapabilities& capabilities);

}  // namespace innkeeper::model
