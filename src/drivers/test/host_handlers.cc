#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "drivers/test/handlers.h"
#include "protocol/remote/connect.h"

namespace innkeeper::test {

namespace {

class HostHandlers : public Handlers {
  public:
    using Handlers::Handlers;
    using Self = HostHandlers;

    void install(rpc::HandlerTable& table) {
        table.add<wire::NodeGetInfo>(*this, &Self::get_info);
        table.add<wire::NodeGetCpuMap>(*this, &Self::get_cpu_map);
        table.add<wire::NodeGetCpuStats>(*this, &Self::get_cpu_stats);
        table.add<wire::NodeGetFreeMemory>(*this, &Self::get_free_memory);
        table.add<wire::NodeGetCellsFreeMemory>(*this, &Self::get_cells_free_memory);
        table.add<wire::NodeGetSecurityModel>(*this, &Self::get_security_model);
        table.add<wire::ConnectGetSysinfo>(*this, &Self::get_sysinfo);
    }

  private:
    wire::NodeGetInfoRet get_info(const Caller&) {
        const Host& host = driver().host;
        wire::NodeGetInfoRet ret;
        std::copy_n(host.model.begin(), std::min(host.model.size(), ret.model.size() - 1), ret.model.begin());
        ret.memory = host.memory_kib;
        ret.cpus = host.cpus;
        ret.mhz = host.mhz;
        ret.nodes = host.nodes;
        ret.sockets = host.sockets;
        ret.cores = host.cores;
        ret.threads = host.threads;
        return ret;
    }

    wire::NodeGetCpuMapRet get_cpu_map(const Caller&, const wire::NodeGetCpuMapArgs& args) {
        constexpr std::uint8_t online = 0b10101;
        check_flags(args.flags, 0, "NodeGetCPUMap");
        wire::NodeGetCpuMapRet ret;
        ret.ret = 8;
        if (args.need_map != 0) ret.cpumap = {online};
        if (args.need_online != 0) ret.online = 3;
        return ret;
    }

    /// The same of each processor as of all.
    wire::NodeGetCpuStatsRet get_cpu_stats(const Caller&, const wire::NodeGetCpuStatsArgs& args) {
        check_flags(args.flags, 0, "NodeGetCPUStats");
        const std::vector<wire::NodeCpuStat> stats = {
            {"user", 9797400000}, {"kernel", 34678723400000}, {"idle", 87264900000}, {"iowait", 763600000}};
        wire::NodeGetCpuStatsRet ret;
        ret.nparams = static_cast<std::int32_t>(stats.size());
        if (args.nparams == 0) return ret;
        ret.params = stats;
        if (std::cmp_less(args.nparams, stats.size())) ret.params.resize(static_cast<std::size_t>(args.nparams));
        return ret;
    }

    /// In KiB, though the interface has bytes: so clients of the peer see them.
    wire::NodeGetFreeMemoryRet get_free_memory(const Caller&) {
        wire::NodeGetFreeMemoryRet ret;
        for (const Cell& cell : driver().host.cells) ret.freeMem += cell.memory_kib / 2;
        return ret;
    }

    wire::NodeGetCellsFreeMemoryRet get_cells_free_memory(const Caller&, const wire::NodeGetCellsFreeMemoryArgs& args) {
        const auto& cells = driver().host.cells;
        if (args.startCell < 0)
            throw guests::refused_argument("virNodeGetCellsFreeMemory", "startCell",
                                           "startCell in virNodeGetCellsFreeMemory must be zero or greater");
        if (std::cmp_greater_equal(args.startCell, cells.size()))
            throw Error(ErrorCode::invalid_arg, "Range exceeds available cells");
        wire::NodeGetCellsFreeMemoryRet ret;
        for (auto cell = static_cast<std::size_t>(args.startCell);
             cell < cells.size() && std::cmp_less(ret.cells.size(), args.maxcells); ++cell)
            ret.cells.push_back(cells[cell].memory_kib);
        return ret;
    }

    /// With the NUL behind each word: clients copy until they find one.
    wire::NodeGetSecurityModelRet get_security_model(const Caller&) {
        return {std::string("testSecurity", 13), std::string("", 1)};
    }

    wire::ConnectGetSysinfoRet get_sysinfo(const Caller&, const wire::ConnectGetSysinfoArgs& args) {
        check_flags(args.flags, 0, "ConnectGetSysinfo");
        return {std::string(sysinfo_document)};
    }
};

}  // namespace

Installed install_host(guests::Guests& guests, rpc::HandlerTable& table) {
    return guests::install_group<HostHandlers>(guests, table);
}

}  // namespace innkeeper::test
