#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "xml/description.h"

namespace innkeeper::model {

/// A cache in front of a node's memory, as the guest's HMAT (ACPI 6.2, 5.2.27) describes it.
struct NumaCache {
    enum class Associativity { none, direct, full };
    enum class Policy { none, writeback, writethrough };
    unsigned level = 0;  ///< 1 to 3
    Associativity associativity = Associativity::none;
    Policy policy = Policy::none;
    std::uint64_t size_kib = 0;
    std::uint64_t line_bytes = 0;
    bool operator==(const NumaCache&) const = default;
};
constexpr auto names_of(NumaCache::Associativity) { return xml::names("none", "direct", "full"); }
constexpr auto names_of(NumaCache::Policy) { return xml::names("none", "writeback", "writethrough"); }

/// How far memory is from processors: a line of the guest's HMAT.
struct NumaInterconnect {
    enum class Kind { latency, bandwidth };
    enum class Access { access, read, write };
    Kind kind = Kind::latency;
    unsigned initiator = 0, target = 0;  ///< ids of cells
    unsigned cache = 0;                  ///< level of the target's cache; 0: the memory itself
    std::optional<Access> access;        ///< always there once read
    std::uint64_t value = 0;             ///< nanoseconds; KiB a second
    bool operator==(const NumaInterconnect&) const = default;
};
constexpr auto names_of(NumaInterconnect::Access) { return xml::names("access", "read", "write"); }

/// The `<cache>` elements of a cell; messages name its number.
std::vector<NumaCache> read_numa_caches(const xml::Node& cell, unsigned number);
void write_numa_caches(const std::vector<NumaCache>& caches, xml::Writer& writer);

/// The children of `<interconnects>`, in their order.
std::vector<NumaInterconnect> read_numa_interconnects(const xml::Node& parent, const xml::ParseFlags& flags);
void write_numa_interconnects(const std::vector<NumaInterconnect>& all, xml::Writer& writer);
extern const xml::Element<NumaInterconnect> numa_latency_element, numa_bandwidth_element;

}  // namespace innkeeper::model
