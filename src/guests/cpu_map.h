#pragma once

#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

#include "model/cpu_set.h"

/// Sets of the host's processors as they are on the wire: one bit for each, the lowest first.
namespace innkeeper::guests {

inline unsigned host_cpus() { return static_cast<unsigned>(std::max(1L, sysconf(_SC_NPROCESSORS_CONF))); }

/// How many bytes hold all of them.
inline std::int32_t map_length() { return static_cast<std::int32_t>((host_cpus() + 7) / 8); }

/// All of them if the set is not given.
inline std::vector<std::uint8_t> cpu_map(const std::optional<model::CpuSet>& set, std::int32_t bytes) {
    std::vector<std::uint8_t> map(static_cast<std::size_t>(std::clamp(bytes, 0, 2048)));
    for (unsigned cpu = 0; cpu < std::min<std::size_t>(host_cpus(), map.size() * 8); ++cpu)
        if (!set || set->contains(cpu)) map[cpu / 8] |= static_cast<std::uint8_t>(1U << (cpu % 8));
    return map;
}

}  // namespace innkeeper::guests
