#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "guests/handlers.h"
#include "model/domain/domain.h"
#include "protocol/remote/domain.h"
#include "rpc/codec/typed_params.h"

/// How much memory a guest has, what it says of it, and what it may take from its neighbours.
namespace innkeeper::guests {

namespace {

using model::DomainDef;

constexpr std::uint64_t unlimited = VIR_DOMAIN_MEMORY_PARAM_UNLIMITED;

/// Nothing where there is no limit.
std::optional<std::uint64_t> limit_of(std::uint64_t kib) {
    return kib >= unlimited ? std::nullopt : std::optional(kib);
}

class MemoryHandlers : public Handlers {
  public:
    using Handlers::Handlers;
    using Self = MemoryHandlers;

    void install(rpc::HandlerTable& table) {
        table.add<wire::DomainSetMemory>(*this, &Self::set);
        table.add<wire::DomainSetMemoryFlags>(*this, &Self::set_with_flags);
        table.add<wire::DomainSetMaxMemory>(*this, &Self::set_maximum);
        table.add<wire::DomainMemoryStats>(*this, &Self::stats);
        table.add<wire::DomainSetMemoryStatsPeriod>(*this, &Self::set_period);
        table.add<wire::DomainGetMemoryParameters>(*this, &Self::get_limits);
        table.add<wire::DomainSetMemoryParameters>(*this, &Self::set_limits);
    }

  private:
    static constexpr std::uint32_t both = VIR_DOMAIN_AFFECT_LIVE | VIR_DOMAIN_AFFECT_CONFIG;

    Task<> set(Caller, wire::DomainSetMemoryArgs args) {
        co_await set_amount(find(args.dom), args.memory, VIR_DOMAIN_AFFECT_LIVE);
    }
    Task<> set_with_flags(Caller, wire::DomainSetMemoryFlagsArgs args) {
        check_flags(args.flags, both | VIR_DOMAIN_MEM_MAXIMUM, "DomainSetMemoryFlags");
        co_await set_amount(find(args.dom), args.memory, args.flags);
    }
    Task<> set_maximum(Caller, wire::DomainSetMaxMemoryArgs args) {
        co_await set_amount(find(args.dom), args.memory, VIR_DOMAIN_MEM_MAXIMUM);
    }

    Task<> set_amount(GuestPtr guest, std::uint64_t kib, std::uint32_t flags) {
        const auto turn = co_await guest->turn("set memory");
        const Impact impact = impact_of(flags, *guest);
        if ((flags & VIR_DOMAIN_MEM_MAXIMUM) != 0) {
            if (impact.live)
                throw Error(ErrorCode::operation_invalid, "cannot resize the maximum memory on an active domain");
            co_await change(guest, impact, [kib](DomainDef& def) {
                if (def.cpu && !def.cpu->numa.empty())
                    throw Error(ErrorCode::operation_invalid,
                                "initial memory size of a domain with NUMA nodes cannot be modified with this API");
                if (def.max_memory_kib && *def.max_memory_kib < kib)
                    throw Error(ErrorCode::operation_invalid,
                                "cannot set initial memory size greater than the maximum "
                                "memory size");
                def.memory_kib = kib;
                def.current_memory_kib = std::min(def.current_memory_kib, kib);
            });
            co_return;
        }
        const auto refuse = [kib](const DomainDef& def) {
            if (kib > def.memory_kib) throw Error(ErrorCode::invalid_arg, "cannot set memory higher than max memory");
        };
        if (impact.live) refuse(*guest->live());
        if (impact.config) {
            const auto stored = co_await guest->persistent();
            refuse(*stored);
        }
        if (impact.live) {
            require_active(*guest);
            // What it comes to, the guest tells later: the event changes the definition.
            co_await hypervisor().set_memory(guest, kib);
        }
        co_await change(guest, {.live = false, .config = impact.config},
                        [kib](DomainDef& def) { def.current_memory_kib = kib; });
    }

    Task<wire::DomainMemoryStatsRet> stats(Caller, wire::DomainMemoryStatsArgs args) {
        constexpr int actual = 6, rss = 7;
        check_flags(args.flags, 0, "DomainMemoryStats");
        const auto guest = find(args.dom);
        require_active(*guest);
        const auto figures = co_await hypervisor().memory_figures(guest);
        require_active(*guest);
        wire::DomainMemoryStatsRet ret;
        const auto add = [&](int tag, std::uint64_t value) {
            if (ret.stats.size() < args.maxStats) ret.stats.push_back({tag, value});
        };
        add(actual, guest->live()->current_memory_kib);
        for (const auto& figure : figures) add(figure.tag, figure.value);
        add(rss, hypervisor().usage(*guest).rss_kib);
        co_return ret;
    }

    Task<> set_period(Caller, wire::DomainSetMemoryStatsPeriodArgs args) {
        check_flags(args.flags, both, "DomainSetMemoryStatsPeriod");
        if (args.period < 0)
            throw refused_argument("virDomainSetMemoryStatsPeriod", "period",
                                   "period in virDomainSetMemoryStatsPeriod must be zero or greater");
        const std::chrono::seconds period(args.period);
        const auto guest = find(args.dom);
        const auto turn = co_await guest->turn("set memory statistics period");
        const Impact impact = impact_of(args.flags, *guest);
        const auto apply = [period](DomainDef& def) {
            auto& balloon = def.devices.memballoon;
            if (!balloon || balloon->model == model::Memballoon::Model::none)
                throw Error(ErrorCode::operation_invalid,
                            "Memory balloon model must be virtio to set the collection period");
            balloon->stats_period = period.count() == 0 ? std::nullopt : std::optional(period);
        };
        if (impact.live) {
            auto trial = *guest->live();
            apply(trial);
            co_await hypervisor().set_stats_period(guest, period);
        }
        co_await change(guest, impact, apply);
    }

    Task<wire::DomainGetMemoryParametersRet> get_limits(Caller, wire::DomainGetMemoryParametersArgs args) {
        check_flags(args.flags, both | VIR_TYPED_PARAM_STRING_OKAY, "DomainGetMemoryParameters");
        const auto guest = find(args.dom);
        const auto def = co_await definition_for(guest, args.flags & both, "virDomainGetMemoryParameters");
        if (!def) throw Error(ErrorCode::operation_failed, "the definition changed while it was read");
        // Nothing limits what runs.
        const bool is_live = guest->is_active() && (args.flags & VIR_DOMAIN_AFFECT_CONFIG) == 0;
        const model::MemoryTune tune = is_live ? model::MemoryTune{} : def->memory_tune;
        rpc::TypedParams params;
        rpc::add_ullong(params, "hard_limit", tune.hard_limit.value_or(unlimited));
        rpc::add_ullong(params, "soft_limit", tune.soft_limit.value_or(unlimited));
        rpc::add_ullong(params, "swap_hard_limit", tune.swap_hard_limit.value_or(unlimited));
        wire::DomainGetMemoryParametersRet ret;
        rpc::answer(ret, std::move(params), args.nparams);
        co_return ret;
    }

    Task<> set_limits(Caller, wire::DomainSetMemoryParametersArgs args) {
        using enum rpc::ParamType;
        check_flags(args.flags, both, "DomainSetMemoryParameters");
        rpc::check(args.params, {{.name = "hard_limit", .type = ullong},
                                 {.name = "soft_limit", .type = ullong},
                                 {.name = "swap_hard_limit", .type = ullong}});
        const auto guest = find(args.dom);
        const auto turn = co_await guest->turn("set memory parameters");
        const Impact impact = impact_of(args.flags, *guest);
        if (impact.live) throw Error(ErrorCode::operation_invalid, "cgroup memory controller is not mounted");
        co_await change(guest, impact, [params = std::move(args.params)](DomainDef& def) {
            auto& tune = def.memory_tune;
            const auto hard = rpc::find_ullong(params, "hard_limit"), soft = rpc::find_ullong(params, "soft_limit"),
                       swap = rpc::find_ullong(params, "swap_hard_limit");
            if (hard.value_or(tune.hard_limit.value_or(unlimited)) >
                swap.value_or(tune.swap_hard_limit.value_or(unlimited)))
                throw Error(ErrorCode::invalid_arg,
                            "memory hard_limit tunable value must be lower than or equal to swap_hard_limit");
            if (hard) tune.hard_limit = limit_of(*hard);
            if (soft) tune.soft_limit = limit_of(*soft);
            if (swap) tune.swap_hard_limit = limit_of(*swap);
        });
    }
};

}  // namespace

Installed install_memory(Guests& guests, rpc::HandlerTable& table) {
    return install_group<MemoryHandlers>(guests, table);
}

}  // namespace innkeeper::guests
