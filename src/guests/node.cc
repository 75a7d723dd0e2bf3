#include <sys/utsname.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/no_domain.h"
#include "guests/handlers.h"
#include "host/cpus.h"
#include "host/memory.h"
#include "loop/pool.h"
#include "protocol/remote/connect.h"
#include "rpc/codec/typed_params.h"

/// What clients ask about the machine itself before they ask about its guests.
namespace innkeeper::guests {

namespace {

/// The host's own functions refuse in their own names, whatever the hypervisor.
void check_node_flags(std::uint32_t flags, std::uint32_t allowed, std::string_view function) {
    if (const std::uint32_t unknown = flags & ~allowed; unknown != 0)
        throw Error::invalid_argument(no_domain, function, "flags",
                                      fmt::format("unsupported flags (0x{:x}) in function {}", unknown, function));
}

/// Statistics are asked for twice: how many there are, then for just so many.
template <class Stat, class Ret>
void answer_stats(Ret& ret, std::int32_t room, std::vector<Stat> stats, std::string_view function) {
    const auto number = static_cast<std::int32_t>(stats.size());
    ret.nparams = number;
    if (room == 0) return;
    if (room != number)
        throw Error::invalid_argument(no_domain, function, "*nparams",
                                      fmt::format("nparams in {} must be equal to {}", function, number));
    ret.params = std::move(stats);
}

/// A parameter of page merging: its file, and whether clients see it as a setting or as a counter.
struct MergingParam {
    std::string_view name, file;
    bool is_setting;
};
constexpr MergingParam merging_params[] = {
    {"shm_pages_to_scan", "pages_to_scan", true},    {"shm_sleep_millisecs", "sleep_millisecs", true},
    {"shm_pages_shared", "pages_shared", false},     {"shm_pages_sharing", "pages_sharing", false},
    {"shm_pages_unshared", "pages_unshared", false}, {"shm_pages_volatile", "pages_volatile", false},
    {"shm_full_scans", "full_scans", false},         {"shm_merge_across_nodes", "merge_across_nodes", true},
};

class NodeHandlers : public Handlers {
  public:
    using Handlers::Handlers;

    void install(rpc::HandlerTable& table) {
        table.add<wire::NodeGetInfo>(*this, &NodeHandlers::get_info);
        table.add<wire::NodeGetSecurityModel>(*this, &NodeHandlers::get_security_model);
        table.add<wire::NodeGetCpuMap>(*this, &NodeHandlers::get_cpu_map);
        table.add<wire::NodeGetCpuStats>(*this, &NodeHandlers::get_cpu_stats);
        table.add<wire::NodeGetMemoryStats>(*this, &NodeHandlers::get_memory_stats);
        table.add<wire::NodeGetFreeMemory>(*this, &NodeHandlers::get_free_memory);
        table.add<wire::NodeGetCellsFreeMemory>(*this, &NodeHandlers::get_cells_free_memory);
        table.add<wire::NodeGetFreePages>(*this, &NodeHandlers::get_free_pages);
        table.add<wire::NodeAllocPages>(*this, &NodeHandlers::alloc_pages);
        table.add<wire::NodeGetMemoryParameters>(*this, &NodeHandlers::get_memory_parameters);
        table.add<wire::NodeSetMemoryParameters>(*this, &NodeHandlers::set_memory_parameters);
        table.add<wire::NodeGetSevInfo>(*this, &NodeHandlers::get_sev_info);
        table.add<wire::NodeSuspendForDuration>(*this, &NodeHandlers::suspend_for_duration);
    }

  private:
    wire::NodeGetInfoRet get_info(const Caller&) {
        wire::NodeGetInfoRet ret;
        utsname system{};
        uname(&system);
        const std::string_view machine = system.machine;
        std::copy_n(machine.begin(), std::min(machine.size(), ret.model.size() - 1), ret.model.begin());
        for (const auto& cell : host::cells(files_)) ret.memory += cell.total_kib;
        const host::Topology found = host::topology(files_);
        ret.cpus = static_cast<std::int32_t>(host::online_cpus(files_).size());
        ret.mhz = host::megahertz(files_);
        ret.nodes = found.nodes;
        ret.sockets = found.sockets;
        ret.cores = found.cores * found.dies;  // the wire has no dies
        ret.threads = found.threads;
        return ret;
    }

    /// With the NUL behind each word: clients copy until they find one.
    wire::NodeGetSecurityModelRet get_security_model(const Caller&) {
        return {std::string("none", 5), std::string("0", 2)};
    }

    wire::NodeGetCpuMapRet get_cpu_map(const Caller&, const wire::NodeGetCpuMapArgs& args) {
        check_node_flags(args.flags, 0, "virHostCPUGetMap");
        const auto present = host::present_cpus(files_);
        const auto online = host::online_cpus(files_);
        wire::NodeGetCpuMapRet ret;
        ret.ret = present.empty() ? 0 : static_cast<std::int32_t>(present.back() + 1);
        if (args.need_online != 0) ret.online = static_cast<std::uint32_t>(online.size());
        if (args.need_map == 0) return ret;
        ret.cpumap.resize((static_cast<std::size_t>(ret.ret) + 7) / 8);
        for (const unsigned cpu : online)
            if (cpu / 8 < ret.cpumap.size()) ret.cpumap[cpu / 8] |= static_cast<std::uint8_t>(1U << (cpu % 8));
        return ret;
    }

    wire::NodeGetCpuStatsRet get_cpu_stats(const Caller&, const wire::NodeGetCpuStatsArgs& args) {
        constexpr std::string_view function = "virHostCPUGetStatsLinux";
        if (args.cpuNum < VIR_NODE_CPU_STATS_ALL_CPUS)
            throw refused_argument("virNodeGetCPUStats", "cpuNum",
                                   "cpuNum in virNodeGetCPUStats only accepts -1 as a negative value");
        check_node_flags(args.flags, 0, "virHostCPUGetStats");
        std::optional<unsigned> cpu;
        if (args.cpuNum >= 0) cpu = static_cast<unsigned>(args.cpuNum);
        if (args.nparams == 0) return {{}, 4};  // whether there is such a processor is asked with room for the answer
        const auto times = host::cpu_times(files_, cpu);
        if (!times)
            throw Error::invalid_argument(no_domain, function, "cpuNum", fmt::format("Invalid cpuNum in {}", function));
        wire::NodeGetCpuStatsRet ret;
        answer_stats<wire::NodeCpuStat>(
            ret, args.nparams,
            {{"kernel", times->kernel}, {"user", times->user}, {"idle", times->idle}, {"iowait", times->iowait}},
            function);
        return ret;
    }

    wire::NodeGetMemoryStatsRet get_memory_stats(const Caller&, const wire::NodeGetMemoryStatsArgs& args) {
        constexpr std::string_view function = "virHostMemGetStats";
        if (args.cellNum < VIR_NODE_MEMORY_STATS_ALL_CELLS)
            throw refused_argument("virNodeGetMemoryStats", "cellNum",
                                   "cellNum in virNodeGetMemoryStats only accepts -1 as a negative value");
        check_node_flags(args.flags, 0, function);
        wire::NodeGetMemoryStatsRet ret;
        if (args.cellNum == VIR_NODE_MEMORY_STATS_ALL_CELLS) {
            const auto all = host::memory(files_);
            answer_stats<wire::NodeMemoryStat>(ret, args.nparams,
                                               {{"total", all.total_kib},
                                                {"free", all.free_kib},
                                                {"buffers", all.buffers_kib},
                                                {"cached", all.cached_kib}},
                                               function);
            return ret;
        }
        const auto cells = host::cells(files_);
        const auto cell = std::ranges::find(cells, static_cast<unsigned>(args.cellNum), &host::Cell::id);
        if (cell == cells.end())
            throw Error::invalid_argument(
                no_domain, function, "cellNum",
                fmt::format("cellNum in {} must be less than or equal to {}", function, cells.back().id));
        answer_stats<wire::NodeMemoryStat>(ret, args.nparams, {{"total", cell->total_kib}, {"free", cell->free_kib}},
                                           function);
        return ret;
    }

    wire::NodeGetFreeMemoryRet get_free_memory(const Caller&) {
        wire::NodeGetFreeMemoryRet ret;
        for (const auto& cell : host::cells(files_)) ret.freeMem += cell.free_kib * 1024;
        return ret;
    }

    wire::NodeGetCellsFreeMemoryRet get_cells_free_memory(const Caller&, const wire::NodeGetCellsFreeMemoryArgs& args) {
        require_cells("virNodeGetCellsFreeMemory", "startCell", args.startCell, 0);
        require_cells("virNodeGetCellsFreeMemory", "maxCells", args.maxcells, 1);
        const auto cells = host::cells(files_);
        wire::NodeGetCellsFreeMemoryRet ret;
        for (const int number : range_of(cells, args.startCell, static_cast<std::uint32_t>(args.maxcells))) {
            const auto cell = std::ranges::find(cells, static_cast<unsigned>(number), &host::Cell::id);
            ret.cells.push_back(cell == cells.end() ? 0 : cell->free_kib * 1024);
        }
        return ret;
    }

    wire::NodeGetFreePagesRet get_free_pages(const Caller&, const wire::NodeGetFreePagesArgs& args) {
        check_node_flags(args.flags, 0, "virHostMemGetFreePages");
        require_pages("virNodeGetFreePages", args.pages.size(), args.cellCount);
        wire::NodeGetFreePagesRet ret;
        for (const int cell : range_of(host::cells(files_), args.startCell, args.cellCount)) {
            const auto pools = host::page_pools(files_, cell_of(cell));
            for (const std::uint32_t size : args.pages) {
                const auto pool = std::ranges::find(pools, size, &host::PagePool::size_kib);
                if (pool == pools.end())
                    throw Error(ErrorCode::operation_failed, no_domain,
                                fmt::format("page size {} is not available on node {}", size, cell));
                ret.counts.push_back(pool->free);
            }
        }
        return ret;
    }

    Task<wire::NodeAllocPagesRet> alloc_pages(Caller, wire::NodeAllocPagesArgs args) {
        check_flags(args.flags, VIR_NODE_ALLOC_PAGES_SET, "NodeAllocPages");
        require_pages("virNodeAllocPages", args.pageSizes.size(), args.cellCount);
        if (args.pageCounts.size() != args.pageSizes.size())
            throw refused_argument("virNodeAllocPages", "pageCounts", "there must be a count for each page size");
        // The kernel may have to move memory about for huge pages, for seconds.
        co_return co_await in_pool([files = files_, args = std::move(args)] {
            const auto how = (args.flags & VIR_NODE_ALLOC_PAGES_SET) != 0 ? host::Pages::set : host::Pages::add;
            wire::NodeAllocPagesRet ret;
            for (const int cell : range_of(host::cells(files), args.startCell, args.cellCount))
                for (std::size_t i = 0; i < args.pageSizes.size(); ++i, ++ret.ret)
                    host::allocate_pages(files, cell_of(cell), args.pageSizes[i], args.pageCounts[i], how);
            return ret;
        });
    }

    wire::NodeGetMemoryParametersRet get_memory_parameters(const Caller&,
                                                           const wire::NodeGetMemoryParametersArgs& args) {
        check_node_flags(args.flags, VIR_TYPED_PARAM_STRING_OKAY, "virHostMemGetParameters");
        rpc::TypedParams params;
        for (const auto& [name, file, is_setting] : merging_params) {
            const auto value = host::page_merging(files_, file);
            if (!value) continue;
            if (is_setting)
                rpc::add_uint(params, name, static_cast<std::uint32_t>(*value));
            else
                rpc::add_ullong(params, name, *value);
        }
        wire::NodeGetMemoryParametersRet ret;
        rpc::answer(ret, std::move(params), args.nparams);
        return ret;
    }

    /// All are checked, then set.
    void set_memory_parameters(const Caller&, const wire::NodeSetMemoryParametersArgs& args) {
        check_node_flags(args.flags, 0, "virHostMemSetParameters");
        using enum rpc::ParamType;
        rpc::check(args.params,
                   {{"shm_pages_to_scan", uint_}, {"shm_sleep_millisecs", uint_}, {"shm_merge_across_nodes", uint_}});
        for (const auto& [name, file, is_setting] : merging_params)
            if (is_setting && rpc::find(args.params, name) != nullptr && !host::page_merging(files_, file))
                throw Error(ErrorCode::operation_unsupported, no_domain,
                            fmt::format("this kernel has no page merging parameter '{}'", name));
        for (const auto& [name, file, is_setting] : merging_params)
            if (const auto value = is_setting ? rpc::find_uint(args.params, name) : std::nullopt)
                host::set_page_merging(files_, file, *value);
    }

    wire::NodeGetSevInfoRet get_sev_info(const Caller&, const wire::NodeGetSevInfoArgs&) {
        if (!files_.exists("/dev/sev"))
            throw Error(ErrorCode::operation_unsupported, hypervisor().error_domain(),
                        "QEMU does not support SEV guest");
        throw Error(ErrorCode::no_support, ErrorDomain::none, "virNodeGetSEVInfo");
    }

    /// Refuses what the machine cannot; to put it to sleep is not implemented.
    void suspend_for_duration(const Caller&, const wire::NodeSuspendForDurationArgs& args) {
        check_node_flags(args.flags, 0, "virNodeSuspend");
        struct Target {
            std::string_view word, sentence;
        };
        constexpr Target targets[] = {
            {"mem", "Suspend-to-RAM"}, {"disk", "Suspend-to-Disk"}, {"disk", "Hybrid-Suspend"}};
        if (args.target >= std::size(targets)) throw Error(ErrorCode::invalid_arg, no_domain, "Invalid suspend target");
        const auto& [word, sentence] = targets[args.target];
        if (files_.text("/sys/power/state").find(word) == std::string::npos)
            throw Error(ErrorCode::argument_unsupported, no_domain, std::string(sentence));
        throw Error(ErrorCode::no_support, ErrorDomain::none, "virNodeSuspendForDuration");
    }

    /// What the public functions refuse before any driver is asked.
    static void require_cells(std::string_view api, std::string_view argument, std::int32_t value, std::int32_t least) {
        if (value >= least) return;
        throw refused_argument(
            api, argument,
            fmt::format("{} in {} must be {}", argument, api, least == 0 ? "zero or greater" : "greater than zero"));
    }
    static void require_pages(std::string_view api, std::size_t sizes, std::uint32_t cells) {
        if (sizes == 0) throw refused_argument(api, "npages", fmt::format("npages in {} must not be zero", api));
        if (cells == 0) throw refused_argument(api, "cellCount", fmt::format("cellCount in {} must not be zero", api));
    }

    /// Numbers of the cells asked for, cut at the last one; -1, the whole machine, stands before the first.
    static std::vector<int> range_of(const std::vector<host::Cell>& cells, int first, std::uint32_t count) {
        const int last = static_cast<int>(cells.back().id);
        if (first > last || first < -1)
            throw Error(ErrorCode::internal_error, no_domain,
                        fmt::format("start cell {} out of range (0-{})", first, last));
        std::vector<int> range;
        for (int cell = first; cell <= last && range.size() < count; ++cell) range.push_back(cell);
        return range;
    }
    static std::optional<unsigned> cell_of(int number) {
        return number < 0 ? std::nullopt : std::optional(static_cast<unsigned>(number));
    }

    host::KernelFiles files_;
};

}  // namespace

Installed install_node(Guests& guests, rpc::HandlerTable& table) { return install_group<NodeHandlers>(guests, table); }

}  // namespace innkeeper::guests
