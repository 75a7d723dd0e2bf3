#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/domain/cpu.h"

namespace innkeeper::model {

/// What an x86 processor calls itself.
struct CpuSignature {
    unsigned family = 0, model = 0, stepping = 0;
    bool operator==(const CpuSignature&) const = default;
};

/// A clock of the processor's; only "tsc" is known.
struct CpuCounter {
    std::string name;
    std::uint64_t hertz = 0;
    std::optional<bool> scaling;  ///< guests can be given another frequency
    bool operator==(const CpuCounter&) const = default;
};

struct CpuPages {
    std::string unit = "KiB";
    std::uint64_t size = 0;
    bool operator==(const CpuPages&) const = default;
};

/// A processor as a host has it: in its capabilities, and in the questions that are made of them (which CPU do all
/// these hosts have, can this one do what that one can). Features are those that the model does not bring along.
struct HostCpu {
    /// Old words for what every host has today; only the test driver's simulated one still says them.
    struct Modes {
        bool pae = false, nonpae = false;
        bool operator==(const Modes&) const = default;
    };
    std::string arch;
    Modes modes;
    std::string model;
    std::string vendor;
    std::optional<unsigned> microcode;
    std::optional<CpuSignature> signature;
    std::vector<CpuCounter> counters;
    std::optional<CpuTopology> topology;
    std::optional<CpuMaxPhysAddr> max_phys_addr;
    std::vector<std::string> features;
    std::vector<CpuPages> pages;

    bool operator==(const HostCpu&) const = default;
};

extern const xml::Element<HostCpu> host_cpu_element;

}  // namespace innkeeper::model
