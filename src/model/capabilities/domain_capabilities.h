#pragma once

#include <cstdint>

#include "model/capabilities/support.h"

namespace innkeeper::model {

/// The firmware that a guest can have.
struct OsSupport {
    struct Images {
        bool supported = true;
        std::vector<Word> paths;
        std::vector<Choice> choices;
        bool operator==(const Images&) const = default;
    };
    bool supported = true;
    std::vector<Choice> choices;
    Images loader;
    bool operator==(const OsSupport&) const = default;
};

/// A way to choose a guest's CPU, and what it leads to or can be chosen from.
struct CpuMode {
    struct Model {
        std::string name;
        std::string fallback;                    ///< of host-model
        std::string usable, deprecated, vendor;  ///< of custom
        bool operator==(const Model&) const = default;
    };
    struct Feature {
        std::string policy, name;
        bool operator==(const Feature&) const = default;
    };
    struct AddressSize {
        std::string mode;
        std::optional<unsigned> bits, limit;
        bool operator==(const AddressSize&) const = default;
    };
    std::string name;
    bool supported = false;
    std::vector<Choice> choices;
    std::vector<Model> models;
    std::string vendor;
    std::optional<AddressSize> maxphysaddr;
    std::vector<Feature> features;
    bool operator==(const CpuMode&) const = default;
};

/// What an emulator can give a guest of one architecture and machine type: `<domainCapabilities>`.
struct DomainCapabilities {
    std::string emulator, type, machine, arch;
    std::optional<std::uint32_t> max_vcpus;
    Support iothreads;
    OsSupport os;
    std::vector<CpuMode> cpu_modes;
    std::optional<Support> memory_backing;
    std::optional<Support> disk, graphics, video, hostdev, rng, filesystem, tpm, redirdev, channel;
    std::optional<Support> gic, vmcoreinfo, genid, backing_store_input, backup, s390_pv, sev, sgx, hyperv;
    bool operator==(const DomainCapabilities&) const = default;
};

extern const xml::Element<CpuMode> cpu_mode_element;
extern const xml::Element<DomainCapabilities> domain_capabilities_element;

}  // namespace innkeeper::model
