#include "host/memory.h"

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <sstream>

#include <fmt/format.h>

#include "base/error.h"
#include "base/no_domain.h"

namespace innkeeper::host {

namespace {

constexpr std::string_view node_folder = "/sys/devices/system/node";
constexpr std::string_view huge_folder = "/sys/kernel/mm/hugepages";
constexpr std::string_view merging_folder = "/sys/kernel/mm/ksm";

/// Lines such as "MemTotal:  4 kB", in a node's own file "Node 0 MemTotal:  4 kB".
std::uint64_t figure(std::string_view text, std::string_view name) {
    for (std::size_t at = text.find(name); at != std::string_view::npos; at = text.find(name, at + 1)) {
        const bool whole = at == 0 || text[at - 1] == '\n' || text[at - 1] == ' ';
        std::size_t digits = at + name.size();
        if (!whole || digits >= text.size() || text[digits] != ':') continue;
        do ++digits;
        while (digits < text.size() && text[digits] == ' ');
        std::uint64_t value = 0;
        std::from_chars(text.data() + digits, text.data() + text.size(), value);
        return value;
    }
    return 0;
}

MemoryFigures figures(const std::string& text) {
    return {figure(text, "MemTotal"), figure(text, "MemFree"), figure(text, "Buffers"), figure(text, "Cached")};
}

/// The folder with a folder for each size of huge pages, of a cell or of the machine.
std::string huge_pages_of(std::optional<unsigned> cell) {
    return cell ? fmt::format("{}/node{}/hugepages", node_folder, *cell) : std::string(huge_folder);
}
std::string pool_folder(std::optional<unsigned> cell, std::uint64_t size_kib) {
    return fmt::format("{}/hugepages-{}kB", huge_pages_of(cell), size_kib);
}

std::vector<std::uint64_t> huge_sizes(const KernelFiles& files, std::optional<unsigned> cell) {
    constexpr std::string_view prefix = "hugepages-";
    std::vector<std::uint64_t> sizes;
    for (const auto& name : files.names(huge_pages_of(cell))) {
        std::uint64_t size = 0;
        if (name.starts_with(prefix) &&
            std::from_chars(name.data() + prefix.size(), name.data() + name.size(), size).ec == std::errc())
            sizes.push_back(size);
    }
    std::ranges::sort(sizes);
    return sizes;
}

/// The system's own pages are what huge ones leave over.
std::vector<PagePool> pools_of(const KernelFiles& files, std::optional<unsigned> node, const MemoryFigures& memory) {
    const std::uint64_t page = system_page_kib();
    std::vector<PagePool> pools{{page, memory.total_kib, memory.free_kib / page}};
    for (const std::uint64_t size : huge_sizes(files, node)) {
        const std::string pool = pool_folder(node, size);
        pools.push_back({size, files.number(pool + "/nr_hugepages").value_or(0),
                         files.number(pool + "/free_hugepages").value_or(0)});
        pools.front().total -= std::min(pools.front().total, pools.back().total * size);
    }
    pools.front().total /= page;
    return pools;
}

/// A machine whose kernel knows no nodes is one node.
MemoryFigures node_memory(const KernelFiles& files, unsigned node) {
    const std::string own = files.text(fmt::format("{}/node{}/meminfo", node_folder, node));
    return own.empty() ? memory(files) : figures(own);
}

}  // namespace

std::uint64_t system_page_kib() { return static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE)) / 1024; }

MemoryFigures memory(const KernelFiles& files) { return figures(files.text("/proc/meminfo")); }

std::vector<PagePool> page_pools(const KernelFiles& files, std::optional<unsigned> cell) {
    if (!cell || !files.exists(huge_pages_of(cell))) return pools_of(files, std::nullopt, memory(files));
    return pools_of(files, cell, node_memory(files, *cell));
}

std::vector<Cell> cells(const KernelFiles& files) {
    std::vector<Cell> found;
    const auto nodes = files.numbers(fmt::format("{}/online", node_folder));
    for (const unsigned node : nodes) {
        const std::string place = fmt::format("{}/node{}", node_folder, node);
        const MemoryFigures own = node_memory(files, node);
        Cell cell{node, own.total_kib, own.free_kib, pools_of(files, node, own), {}, {}};
        std::istringstream distances(files.text(place + "/distance"));
        for (const unsigned other : nodes)
            if (unsigned distance = 0; distances >> distance) cell.distances.emplace_back(other, distance);
        cell.cpus = files.numbers(place + "/cpulist");
        found.push_back(std::move(cell));
    }
    if (!found.empty()) return found;
    const MemoryFigures all = memory(files);
    Cell whole{0, all.total_kib, all.free_kib, pools_of(files, std::nullopt, all), {}, {}};
    whole.cpus = files.numbers("/sys/devices/system/cpu/online");
    found.push_back(std::move(whole));
    return found;
}

std::vector<std::uint64_t> page_sizes_kib(const KernelFiles& files) {
    auto sizes = huge_sizes(files, std::nullopt);
    sizes.insert(sizes.begin(), system_page_kib());
    return sizes;
}

void allocate_pages(const KernelFiles& files, std::optional<unsigned> cell, std::uint64_t size_kib, std::uint64_t count,
                    Pages how) {
    if (size_kib == system_page_kib())
        throw Error(ErrorCode::operation_unsupported, no_domain, "system pages pool can't be modified");
    const std::string file = pool_folder(cell, size_kib) + "/nr_hugepages";
    const auto present = files.number(file);
    if (!present)
        throw Error(ErrorCode::operation_failed, no_domain,
                    cell ? fmt::format("page size {} is not available on node {}", size_kib, *cell)
                         : fmt::format("page size {} is not available", size_kib));
    const std::uint64_t wanted = how == Pages::add ? *present + count : count;
    files.write(file, wanted);
    if (const auto got = files.number(file); got != wanted)
        throw Error(ErrorCode::operation_failed, no_domain,
                    fmt::format("Unable to allocate {} pages. Allocated only {}", count,
                                how == Pages::add && got ? *got - std::min(*got, *present) : got.value_or(0)));
}

std::optional<std::uint64_t> page_merging(const KernelFiles& files, std::string_view name) {
    return files.number(fmt::format("{}/{}", merging_folder, name));
}

void set_page_merging(const KernelFiles& files, std::string_view name, std::uint64_t value) {
    files.write(fmt::format("{}/{}", merging_folder, name), value);
}

}  // namespace innkeeper::host
