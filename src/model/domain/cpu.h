#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/cpu_set.h"
#include "model/domain/numa_cache.h"
#include "xml/description.h"

namespace innkeeper::model {

struct CpuFeature {
    enum class Policy { force, require, optional, disable, forbid };
    std::string name;
    std::optional<Policy> policy;
    bool operator==(const CpuFeature&) const = default;
};
constexpr auto names_of(CpuFeature::Policy) { return xml::names("force", "require", "optional", "disable", "forbid"); }

struct CpuTopology {
    unsigned sockets = 0, dies = 1, cores = 0, threads = 0;
    std::uint64_t count() const { return std::uint64_t(sockets) * dies * cores * threads; }
    bool operator==(const CpuTopology&) const = default;
};

struct CpuCache {
    enum class Mode { emulate, passthrough, disable };
    std::optional<unsigned> level;
    Mode mode = Mode::emulate;
    bool operator==(const CpuCache&) const = default;
};
constexpr auto names_of(CpuCache::Mode) { return xml::names("emulate", "passthrough", "disable"); }

struct CpuMaxPhysAddr {
    enum class Mode { emulate, passthrough };
    Mode mode = Mode::emulate;
    std::optional<unsigned> bits, limit;
    bool operator==(const CpuMaxPhysAddr&) const = default;
};
constexpr auto names_of(CpuMaxPhysAddr::Mode) { return xml::names("emulate", "passthrough"); }

/// One node of the guest's memory and the processors near it.
struct NumaCell {
    enum class Access { shared, private_ };
    struct Distance {
        unsigned id = 0, value = 0;
        bool operator==(const Distance&) const = default;
    };
    std::optional<unsigned> id;  ///< always there once read
    std::optional<CpuSet> cpus;
    std::uint64_t memory_kib = 0;
    std::optional<Access> access;
    std::optional<bool> discard;
    std::vector<Distance> distances;
    std::vector<NumaCache> caches;
    bool operator==(const NumaCell&) const = default;
};
constexpr auto names_of(NumaCell::Access) { return xml::names("shared", "private"); }

/// What the guest sees as its processor.
struct Cpu {
    enum class Mode { custom, host_model, host_passthrough, maximum };
    enum class Match { minimum, exact, strict };
    enum class Check { none, partial, full };
    enum class Fallback { allow, forbid };

    std::optional<Mode> mode;
    std::optional<Match> match;
    std::optional<Check> check;
    std::optional<bool> migratable;
    std::string model;
    std::optional<Fallback> fallback;
    std::string vendor_id;  ///< what the guest reads as the vendor, instead of the model's
    std::string vendor;
    std::optional<CpuTopology> topology;
    std::optional<CpuCache> cache;
    std::optional<CpuMaxPhysAddr> max_phys_addr;
    std::vector<CpuFeature> features;
    std::vector<NumaCell> numa;
    std::vector<NumaInterconnect> interconnects;

    bool operator==(const Cpu&) const = default;
};
constexpr auto names_of(Cpu::Mode) { return xml::names("custom", "host-model", "host-passthrough", "maximum"); }
constexpr auto names_of(Cpu::Match) { return xml::names("minimum", "exact", "strict"); }
constexpr auto names_of(Cpu::Check) { return xml::names("none", "partial", "full"); }
constexpr auto names_of(Cpu::Fallback) { return xml::names("allow", "forbid"); }

extern const xml::Element<Cpu> cpu_element;

}  // namespace innkeeper::model
