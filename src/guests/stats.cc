#include <fmt/format.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "guests/handlers.h"
#include "guests/list_filters.h"
#include "guests/vcpu_counts.h"
#include "loop/group.h"
#include "model/domain/domain.h"
#include "protocol/remote/connect.h"
#include "protocol/remote/domain.h"

/// Figures about guests: from definitions, the last known values and the host, so that no guest can keep anybody
/// waiting.
namespace innkeeper::guests {

namespace {

using protocol::TypedParam;
using protocol::TypedParamValue;

constexpr std::uint32_t all_groups = 0x7ff;
constexpr std::uint32_t other_flags = VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT |
                                      VIR_CONNECT_GET_ALL_DOMAINS_STATS_BACKING |
                                      VIR_CONNECT_GET_ALL_DOMAINS_STATS_ENFORCE_STATS;
constexpr std::uint32_t filter_flags = 0xff;

class Figures {
  public:
    template <class T>
    void add(std::string name, T value) {
        params_.push_back({std::move(name), TypedParamValue(value)});
    }
    std::vector<TypedParam> take() && { return std::move(params_); }

  private:
    std::vector<TypedParam> params_;
};

void add_devices(Figures& figures, const model::DomainDef& def, std::uint32_t groups) {
    if ((groups & VIR_DOMAIN_STATS_INTERFACE) != 0) {
        const auto& interfaces = def.devices.interfaces;
        figures.add("net.count", static_cast<std::uint32_t>(interfaces.size()));
        for (std::size_t i = 0; i < interfaces.size(); ++i)
            if (!interfaces[i].target_device.empty())
                figures.add(fmt::format("net.{}.name", i), interfaces[i].target_device);
    }
    if ((groups & VIR_DOMAIN_STATS_BLOCK) != 0) {
        const auto& disks = def.devices.disks;
        figures.add("block.count", static_cast<std::uint32_t>(disks.size()));
        for (std::size_t i = 0; i < disks.size(); ++i) {
            figures.add(fmt::format("block.{}.name", i), disks[i].target);
            if (!disks[i].source.path.empty()) figures.add(fmt::format("block.{}.path", i), disks[i].source.path);
        }
    }
}

class StatsHandlers : public Handlers {
  public:
    using Handlers::Handlers;
    using Self = StatsHandlers;

    void install(rpc::HandlerTable& table) {
        table.add<wire::ConnectGetAllDomainStats>(*this, &Self::get_all);
        table.add<wire::DomainGetCpuStats>(*this, &Self::get_cpu);
    }

  private:
    Task<wire::ConnectGetAllDomainStatsRet> get_all(Caller caller, wire::ConnectGetAllDomainStatsArgs args) {
        check_flags(args.flags, filter_flags | other_flags, "ConnectGetAllDomainStats");
        const bool enforce = (args.flags & VIR_CONNECT_GET_ALL_DOMAINS_STATS_ENFORCE_STATS) != 0;
        if (enforce && (args.stats & ~all_groups) != 0)
            throw Error(
                ErrorCode::argument_unsupported,
                fmt::format("Stats types bits 0x{:x} are not supported by this daemon", args.stats & ~all_groups));
        const std::uint32_t groups = args.stats == 0 ? all_groups : args.stats;
        const std::uint32_t filters = args.flags & filter_flags;
        std::vector<GuestPtr> guests;
        for (const auto& dom : args.doms)
            if (auto guest = guests_.registry().by_uuid(dom.uuid);
                guest && passes_filters(guests_, *guest, filters) && caller.sees(guest->name()))
                guests.push_back(std::move(guest));
        if (args.doms.empty())
            for (const auto& [name, guest] : guests_.registry().all())
                if (passes_filters(guests_, *guest, filters) && caller.sees(name)) guests.push_back(guest);

        std::vector<Task<wire::DomainStatsRecord>> questions;
        questions.reserve(guests.size());
        for (auto& guest : guests) questions.push_back(record(std::move(guest), groups));
        auto records = co_await all(std::move(questions));
        std::erase_if(records, [](const auto& r) { return r.dom.name.empty(); });
        co_return wire::ConnectGetAllDomainStatsRet{std::move(records)};
    }

    /// An empty record for a guest that went meanwhile or whose file cannot be read: one must not spoil the others.
    Task<wire::DomainStatsRecord> record(GuestPtr guest, std::uint32_t groups) {
        DefPtr def;
        try {
            def = co_await guest->current();
        } catch (const Error&) {
            def = nullptr;
        }
        wire::DomainStatsRecord result;
        if (!def || guest->is_gone()) co_return result;
        result.dom = wire_domain(*guest);
        Figures figures;
        if ((groups & VIR_DOMAIN_STATS_STATE) != 0) {
            figures.add("state.state", static_cast<std::int32_t>(guest->condition().state));
            figures.add("state.reason", guest->condition().reason);
        }
        const Usage usage = guest->is_active() ? hypervisor().usage(*guest) : Usage{};
        if ((groups & VIR_DOMAIN_STATS_CPU_TOTAL) != 0 && guest->is_active()) {
            figures.add("cpu.time", usage.cpu_ns);
            figures.add("cpu.user", usage.user_ns);
            figures.add("cpu.system", usage.system_ns);
        }
        if ((groups & VIR_DOMAIN_STATS_BALLOON) != 0) {
            if (guest->is_active()) figures.add("balloon.current", def->current_memory_kib);
            figures.add("balloon.maximum", def->memory_kib);
            if (guest->is_active()) figures.add("balloon.rss", usage.rss_kib);
        }
        if ((groups & VIR_DOMAIN_STATS_VCPU) != 0) add_vcpus(figures, *guest, *def);
        add_devices(figures, *def, groups);
        if ((groups & VIR_DOMAIN_STATS_IOTHREAD) != 0 && guest->is_active()) co_await add_iothreads(&figures, guest);
        result.params = std::move(figures).take();
        co_return result;
    }

    void add_vcpus(Figures& figures, const Guest& guest, const model::DomainDef& def) {
        figures.add("vcpu.current", current_vcpus(def));
        figures.add("vcpu.maximum", def.vcpus.maximum);
        if (!guest.is_active()) return;
        for (const auto& vcpu : hypervisor().vcpus(guest)) {
            figures.add(fmt::format("vcpu.{}.state", vcpu.number), vcpu.state);
            figures.add(fmt::format("vcpu.{}.time", vcpu.number), vcpu.time_ns);
        }
    }

    /// Asked of the guest, so only where its definition says that there are any.
    Task<> add_iothreads(Figures* figures, GuestPtr guest) {
        if (guest->live()->iothread_ids.empty()) co_return;
        std::vector<IothreadUsage> threads;
        try {
            threads = co_await hypervisor().iothreads(guest);
        } catch (const Error&) {
            co_return;
        }
        figures->add("iothread.count", static_cast<std::uint32_t>(threads.size()));
        for (const auto& thread : threads) {
            figures->add(fmt::format("iothread.{}.poll-max-ns", thread.id), thread.poll_max_ns);
            figures->add(fmt::format("iothread.{}.poll-grow", thread.id), thread.poll_grow);
            figures->add(fmt::format("iothread.{}.poll-shrink", thread.id), thread.poll_shrink);
        }
    }

    wire::DomainGetCpuStatsRet get_cpu(const Caller&, const wire::DomainGetCpuStatsArgs& args) {
        check_flags(args.flags, VIR_TYPED_PARAM_STRING_OKAY, "DomainGetCPUStats");
        const auto guest = find(args.dom);
        require_active(*guest);
        if (args.start_cpu != -1 || args.ncpus != 1)
            throw Error(ErrorCode::no_support, ErrorDomain::domain, "virDomainGetCPUStats");
        const Usage usage = hypervisor().usage(*guest);
        wire::DomainGetCpuStatsRet ret;
        if (args.nparams == 0) {
            ret.nparams = 3;
            return ret;
        }
        Figures figures;
        figures.add("cpu_time", usage.cpu_ns);
        figures.add("user_time", usage.user_ns);
        figures.add("system_time", usage.system_ns);
        ret.params = std::move(figures).take();
        if (ret.params.size() > args.nparams) ret.params.resize(args.nparams);
        ret.nparams = static_cast<std::int32_t>(ret.params.size());
        return ret;
    }
};

}  // namespace

Installed install_stats(Guests& guests, rpc::HandlerTable& table) {
    return install_group<StatsHandlers>(guests, table);
}

}  // namespace innkeeper::guests
