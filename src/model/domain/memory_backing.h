#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "model/cpu_set.h"
#include "model/domain/cpu.h"
#include "xml/description.h"

namespace innkeeper::model {

/// Pages of one size, for all of the guest's memory or for some of its nodes.
struct HugePage {
    std::uint64_t size_kib = 0;
    std::optional<CpuSet> nodeset;
    bool operator==(const HugePage&) const = default;
};

/// What the host takes the guest's memory from.
struct MemoryBacking {
    enum class Source { file, anonymous, memfd };
    enum class Allocation { immediate, ondemand };
    bool hugepages = false;
    std::vector<HugePage> pages;
    bool no_share_pages = false, locked = false, discard = false;
    std::optional<Source> source;
    std::optional<NumaCell::Access> access;
    std::optional<Allocation> allocation;
    std::optional<unsigned> allocation_threads;
    bool operator==(const MemoryBacking&) const = default;
};
constexpr auto names_of(MemoryBacking::Source) { return xml::names("file", "anonymous", "memfd"); }
constexpr auto names_of(MemoryBacking::Allocation) { return xml::names("immediate", "ondemand"); }

extern const xml::Element<MemoryBacking> memory_backing_element;

}  // namespace innkeeper::model
