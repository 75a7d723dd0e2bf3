#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "host/kernel_files.h"

/// The machine's memory: its NUMA nodes ("cells"), pages of each size, and the merging of equal pages (KSM).
namespace innkeeper::host {

struct MemoryFigures {
    std::uint64_t total_kib = 0, free_kib = 0, buffers_kib = 0, cached_kib = 0;
};
/// Of the whole machine, /proc/meminfo.
MemoryFigures memory(const KernelFiles& files);

/// Pages of one size.
struct PagePool {
    std::uint64_t size_kib = 0, total = 0, free = 0;
};

/// Of one cell, or of the whole machine: the system's own size first, then huge pages, ascending.
std::vector<PagePool> page_pools(const KernelFiles& files, std::optional<unsigned> cell);

struct Cell {
    unsigned id = 0;
    std::uint64_t total_kib = 0, free_kib = 0;
    std::vector<PagePool> pools;                           ///< as page_pools
    std::vector<std::pair<unsigned, unsigned>> distances;  ///< node, distance
    std::vector<unsigned> cpus;
};
/// Ascending. A machine whose kernel knows no nodes is one cell with all of it.
std::vector<Cell> cells(const KernelFiles& files);
std::uint64_t system_page_kib();
/// Sizes of all pages that there can be, ascending, the system's own first.
std::vector<std::uint64_t> page_sizes_kib(const KernelFiles& files);

/// Sets the number of huge pages of a size in a cell, or adds to it; of the whole machine without a cell. The kernel
/// gives what it has. Throws Error (system_error, operation_failed, operation_unsupported for the system's own size).
enum class Pages { set, add };
void allocate_pages(const KernelFiles& files, std::optional<unsigned> cell, std::uint64_t size_kib, std::uint64_t count,
                    Pages how);

/// The settings and counters of KSM that this kernel has: name as in /sys/kernel/mm/ksm, value.
std::optional<std::uint64_t> page_merging(const KernelFiles& files, std::string_view name);
void set_page_merging(const KernelFiles& files, std::string_view name, std::uint64_t value);

}  // namespace innkeeper::host
