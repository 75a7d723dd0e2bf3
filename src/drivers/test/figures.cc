#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "drivers/test/handlers.h"
#include "guests/list_filters.h"
#include "guests/vcpu_counts.h"
#include "model/domain/domain.h"
#include "protocol/remote/connect.h"
#include "protocol/remote/domain.h"
#include "rpc/codec/typed_params.h"

/// What a simulated guest is said to have done: counters that grow with the time, and figures that never change.
namespace innkeeper::test {

namespace {

const model::Disk* disk_of(const model::DomainDef& def, std::string_view name) {
    for (const auto& disk : def.devices.disks)
        if (disk.target == name || (!disk.source.path.empty() && disk.source.path == name)) return &disk;
    return nullptr;
}

class Figures : public Handlers {
  public:
    using Handlers::Handlers;
    using Self = Figures;

    void install(rpc::HandlerTable& table) {
        table.add<wire::DomainGetInfo>(*this, &Self::get_info);
        table.add<wire::DomainGetOsType>(*this, &Self::get_os_type);
        table.add<wire::DomainGetCpuStats>(*this, &Self::get_cpu_stats);
        table.add<wire::DomainBlockStats>(*this, &Self::block_stats);
        table.add<wire::DomainInterfaceStats>(*this, &Self::interface_stats);
        table.add<wire::DomainGetBlockInfo>(*this, &Self::get_block_info);
        table.add<wire::DomainGetDiskErrors>(*this, &Self::get_disk_errors);
        table.add<wire::DomainGetSecurityLabel>(*this, &Self::get_security_label);
        table.add<wire::DomainGetLaunchSecurityInfo>(*this, &Self::get_launch_security);
        table.add<wire::ConnectGetAllDomainStats>(*this, &Self::get_all);
    }

  private:
    Task<wire::DomainGetInfoRet> get_info(Caller, wire::DomainGetInfoArgs args) {
        const auto guest = find(args.dom);
        const auto def = co_await guest->current();
        wire::DomainGetInfoRet ret;
        ret.state = static_cast<std::uint8_t>(guest->condition().state);
        ret.maxMem = def->memory_kib;
        ret.memory = def->current_memory_kib;
        ret.nrVirtCpu = static_cast<std::uint16_t>(guests::current_vcpus(*def));
        ret.cpuTime = now_us() * 1000;
        co_return ret;
    }

    /// The peer does not look at the guest.
    wire::DomainGetOsTypeRet get_os_type(const Caller&, const wire::DomainGetOsTypeArgs&) { return {"linux"}; }

    wire::DomainGetCpuStatsRet get_cpu_stats(const Caller&, const wire::DomainGetCpuStatsArgs& args) {
        constexpr std::uint64_t cpu_ns = 48772617035, user_ns = 5540000000, system_ns = 6460000000,
                                host_ns = 1234567890;
        check_flags(args.flags, VIR_TYPED_PARAM_STRING_OKAY, "DomainGetCPUStats");
        find_active(args.dom);
        wire::DomainGetCpuStatsRet ret;
        if (args.start_cpu < 0) {
            ret.nparams = 3;
            if (args.nparams == 0) return ret;
            rpc::add_ullong(ret.params, "cpu_time", cpu_ns);
            rpc::add_ullong(ret.params, "user_time", user_ns);
            rpc::add_ullong(ret.params, "system_time", system_ns);
            return ret;
        }
        const int cpus = driver().host.cores;
        ret.nparams = args.ncpus == 0 ? cpus : 2;
        if (args.ncpus == 0 || args.nparams == 0) return ret;
        if (args.start_cpu >= cpus)
            throw Error(ErrorCode::invalid_arg,
                        fmt::format("start_cpu {} larger than maximum of {}", args.start_cpu, cpus - 1));
        const int end = std::min(cpus, args.start_cpu + static_cast<int>(std::min(args.ncpus, 4096U)));
        for (int cpu = args.start_cpu; cpu < end; ++cpu) {
            const std::uint64_t time = cpu_ns / static_cast<unsigned>(cpus) + static_cast<unsigned>(cpu);
            rpc::add_ullong(ret.params, "cpu_time", time);
            rpc::add_ullong(ret.params, "vcpu_time", time - host_ns);
        }
        return ret;
    }

    wire::DomainBlockStatsRet block_stats(const Caller&, const wire::DomainBlockStatsArgs& args) {
        if (args.path.empty())
            throw Error(ErrorCode::operation_unsupported, "summary statistics are not supported yet");
        const auto guest = find_active(args.dom);
        if (disk_of(*guest->live(), args.path) == nullptr)
            throw Error(ErrorCode::invalid_arg, fmt::format("invalid path: {}", args.path));
        const auto now = static_cast<std::int64_t>(now_us());
        return {
            .rd_req = now / 10, .rd_bytes = now / 20, .wr_req = now / 30, .wr_bytes = now / 40, .errs = now / 2000000};
    }

    wire::DomainInterfaceStatsRet interface_stats(const Caller&, const wire::DomainInterfaceStatsArgs& args) {
        const auto guest = find_active(args.dom);
        const auto def = guest->live();
        const auto& cards = def->devices.interfaces;
        if (std::ranges::find(cards, args.device, &model::Interface::target_device) == cards.end())
            throw Error(ErrorCode::invalid_arg, fmt::format("'{}' is not a known interface", args.device));
        const auto now = static_cast<std::int64_t>(now_us());
        return {.rx_bytes = now / 10,
                .rx_packets = now / 100,
                .rx_errs = now / 1000000,
                .rx_drop = now / 2000000,
                .tx_bytes = now / 20,
                .tx_packets = now / 110,
                .tx_errs = now / 3000000,
                .tx_drop = now / 4000000};
    }

    Task<wire::DomainGetBlockInfoRet> get_block_info(Caller, wire::DomainGetBlockInfoArgs args) {
        constexpr std::uint64_t allocation = std::uint64_t{1} << 40, capacity = 1099506450432;
        check_flags(args.flags, 0, "DomainGetBlockInfo");
        const auto def = co_await find(args.dom)->current();
        if (disk_of(*def, args.path) == nullptr)
            throw Error(ErrorCode::invalid_arg, fmt::format("invalid path {} not assigned to domain", args.path));
        co_return wire::DomainGetBlockInfoRet{.allocation = allocation, .capacity = capacity, .physical = allocation};
    }

    /// One disk after the other has each of the two errors there are.
    wire::DomainGetDiskErrorsRet get_disk_errors(const Caller&, const wire::DomainGetDiskErrorsArgs& args) {
        check_flags(args.flags, 0, "DomainGetDiskErrors");
        const auto guest = find_active(args.dom);
        const auto def = guest->live();
        wire::DomainGetDiskErrorsRet ret;
        const auto& disks = def->devices.disks;
        if (args.maxerrors == 0) {
            ret.nerrors = static_cast<std::int32_t>(disks.size());
            return ret;
        }
        for (std::size_t i = 0; i < disks.size() && i < args.maxerrors; ++i)
            ret.errors.push_back(
                {disks[i].target, i % 2 == 0 ? VIR_DOMAIN_DISK_ERROR_UNSPEC : VIR_DOMAIN_DISK_ERROR_NO_SPACE});
        ret.nerrors = static_cast<std::int32_t>(ret.errors.size());
        return ret;
    }

    wire::DomainGetSecurityLabelRet get_security_label(const Caller&, const wire::DomainGetSecurityLabelArgs& args) {
        if (!find(args.dom)->is_active()) return {std::string("", 1), 0};
        return {std::string("libvirt-test", 13), 1};
    }

    wire::DomainGetLaunchSecurityInfoRet get_launch_security(const Caller&,
                                                             const wire::DomainGetLaunchSecurityInfoArgs& args) {
        check_flags(args.flags, 0, "DomainGetLaunchSecurityInfo");
        find(args.dom);
        return {};
    }

    /// Nothing but the state is simulated.
    wire::ConnectGetAllDomainStatsRet get_all(const Caller&, const wire::ConnectGetAllDomainStatsArgs& args) {
        constexpr std::uint32_t filters =
            VIR_CONNECT_GET_ALL_DOMAINS_STATS_ACTIVE | VIR_CONNECT_GET_ALL_DOMAINS_STATS_INACTIVE |
            VIR_CONNECT_GET_ALL_DOMAINS_STATS_PERSISTENT | VIR_CONNECT_GET_ALL_DOMAINS_STATS_TRANSIENT |
            VIR_CONNECT_GET_ALL_DOMAINS_STATS_RUNNING | VIR_CONNECT_GET_ALL_DOMAINS_STATS_PAUSED |
            VIR_CONNECT_GET_ALL_DOMAINS_STATS_SHUTOFF | VIR_CONNECT_GET_ALL_DOMAINS_STATS_OTHER;
        constexpr std::uint32_t enforce = VIR_CONNECT_GET_ALL_DOMAINS_STATS_ENFORCE_STATS;
        check_flags(args.flags, filters | enforce | VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT,
                    "ConnectGetAllDomainStats");
        const std::uint32_t unknown = args.stats & ~static_cast<std::uint32_t>(VIR_DOMAIN_STATS_STATE);
        if (unknown != 0 && (args.flags & enforce) != 0)
            throw Error(ErrorCode::argument_unsupported,
                        fmt::format("Stats types bits 0x{:x} are not supported by this daemon", unknown));
        wire::ConnectGetAllDomainStatsRet ret;
        const auto add = [&](const guests::Guest& guest) {
            wire::DomainStatsRecord record{.dom = guests::wire_domain(guest)};
            if (args.stats == 0 || (args.stats & VIR_DOMAIN_STATS_STATE) != 0) {
                rpc::add_int(record.params, "state.state", static_cast<std::int32_t>(guest.condition().state));
                rpc::add_int(record.params, "state.reason", guest.condition().reason);
            }
            ret.retStats.push_back(std::move(record));
        };
        for (const auto& dom : args.doms)
            if (const auto guest = guests_.registry().by_uuid(dom.uuid); guest && guest->is_visible()) add(*guest);
        if (!args.doms.empty()) return ret;
        for (const auto& [name, guest] : guests_.registry().all())
            if (guests::passes_filters(guests_, *guest, args.flags & filters)) add(*guest);
        return ret;
    }
};

}  // namespace

Installed install_figures(guests::Guests& guests, rpc::HandlerTable& table) {
    return guests::install_group<Figures>(guests, table);
}

}  // namespace innkeeper::test
