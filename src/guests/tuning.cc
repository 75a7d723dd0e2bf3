#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/error.h"
#include "guests/handlers.h"
#include "model/domain/domain.h"
#include "protocol/remote/domain.h"
#include "rpc/codec/typed_params.h"

/// A guest's share of the host's processors and memory nodes, and what is counted of its work. What runs is not limited
/// by anything yet: changes concern the next start.
namespace innkeeper::guests {

namespace {

using model::CpuTune;
using model::DomainDef;
using model::NumaTune;
using rpc::ParamType;

constexpr std::uint32_t both = VIR_DOMAIN_AFFECT_LIVE | VIR_DOMAIN_AFFECT_CONFIG;

using Period = std::optional<std::uint64_t> CpuTune::*;
using Quota = std::optional<std::int64_t> CpuTune::*;
constexpr std::pair<std::string_view, Period> periods[] = {{"vcpu_period", &CpuTune::period},
                                                           {"emulator_period", &CpuTune::emulator_period},
                                                           {"global_period", &CpuTune::global_period},
                                                           {"iothread_period", &CpuTune::iothread_period}};
constexpr std::pair<std::string_view, Quota> quotas[] = {{"vcpu_quota", &CpuTune::quota},
                                                         {"emulator_quota", &CpuTune::emulator_quota},
                                                         {"global_quota", &CpuTune::global_quota},
                                                         {"iothread_quota", &CpuTune::iothread_quota}};

void check_range(std::string_view name, std::int64_t value, std::int64_t least, std::int64_t most) {
    if (value > 0 && (value < least || value > most))
        throw Error(ErrorCode::invalid_arg, fmt::format("value of '{}' is out of range [{}, {}]", name, least, most));
}

void check_schedule(const rpc::TypedParams& params) {
    using enum ParamType;
    rpc::check(params, {{.name = "cpu_shares", .type = ullong},
                        {.name = "vcpu_period", .type = ullong},
                        {.name = "vcpu_quota", .type = llong},
                        {.name = "emulator_period", .type = ullong},
                        {.name = "emulator_quota", .type = llong},
                        {.name = "global_period", .type = ullong},
                        {.name = "global_quota", .type = llong},
                        {.name = "iothread_period", .type = ullong},
                        {.name = "iothread_quota", .type = llong}});
    for (const auto& [name, member] : periods)
        if (const auto value = rpc::find_ullong(params, name))
            check_range(name, static_cast<std::int64_t>(std::min<std::uint64_t>(*value, INT64_MAX)), 1000, 1000000);
    for (const auto& [name, member] : quotas)
        if (const auto value = rpc::find_llong(params, name)) check_range(name, *value, 1000, 17592186044415);
}

/// Zero is what nobody has said anything about.
void apply_schedule(CpuTune& tune, const rpc::TypedParams& params) {
    const auto unless_zero = [](auto value) { return *value == 0 ? std::nullopt : value; };
    if (const auto shares = rpc::find_ullong(params, "cpu_shares")) tune.shares = unless_zero(shares);
    for (const auto& [name, member] : periods)
        if (const auto value = rpc::find_ullong(params, name)) tune.*member = unless_zero(value);
    for (const auto& [name, member] : quotas)
        if (const auto value = rpc::find_llong(params, name)) tune.*member = unless_zero(value);
}

rpc::TypedParams schedule_of(const CpuTune& tune) {
    rpc::TypedParams params;
    rpc::add_ullong(params, "cpu_shares", tune.shares.value_or(0));
    for (std::size_t i = 0; i < std::size(periods); ++i) {
        rpc::add_ullong(params, periods[i].first, (tune.*periods[i].second).value_or(0));
        rpc::add_llong(params, quotas[i].first, (tune.*quotas[i].second).value_or(0));
    }
    return params;
}

constexpr std::string_view perf_names[] = {"cmt",
                                           "mbmt",
                                           "mbml",
                                           "cpu_cycles",
                                           "instructions",
                                           "cache_references",
                                           "cache_misses",
                                           "branch_instructions",
                                           "branch_misses",
                                           "bus_cycles",
                                           "stalled_cycles_frontend",
                                           "stalled_cycles_backend",
                                           "ref_cpu_cycles",
                                           "cpu_clock",
                                           "task_clock",
                                           "page_faults",
                                           "context_switches",
                                           "cpu_migrations",
                                           "page_faults_min",
                                           "page_faults_maj",
                                           "alignment_faults",
                                           "emulation_faults"};

bool is_counted(const DomainDef& def, std::string_view name) {
    const auto found = std::ranges::find(def.perf_events, name, &model::PerfEvent::name);
    return found != def.perf_events.end() && found->enabled.value_or(false);
}

void count(DomainDef& def, const std::string& name, bool enabled) {
    const auto found = std::ranges::find(def.perf_events, name, &model::PerfEvent::name);
    if (found != def.perf_events.end())
        found->enabled = enabled;
    else
        def.perf_events.push_back({.name = name, .enabled = enabled});
}

class Tuning : public Handlers {
  public:
    using Handlers::Handlers;
    using Self = Tuning;

    void install(rpc::HandlerTable& table) {
        table.add<wire::DomainGetSchedulerParameters>(*this, &Self::get_schedule);
        table.add<wire::DomainGetSchedulerParametersFlags>(*this, &Self::get_schedule_of);
        table.add<wire::DomainSetSchedulerParameters>(*this, &Self::set_schedule);
        table.add<wire::DomainSetSchedulerParametersFlags>(*this, &Self::set_schedule_of);
        table.add<wire::DomainGetNumaParameters>(*this, &Self::get_numa);
        table.add<wire::DomainSetNumaParameters>(*this, &Self::set_numa);
        table.add<wire::DomainGetPerfEvents>(*this, &Self::get_perf);
        table.add<wire::DomainSetPerfEvents>(*this, &Self::set_perf);
    }

  private:
    /// What a call asks about, which must be what is stored: `otherwise` is why what runs cannot tell.
    Task<DefPtr> stored_for(GuestPtr guest, std::uint32_t flags, std::string_view api, std::string_view otherwise) {
        auto def = co_await definition_for(guest, flags & both, api);
        if (guest->is_active() && (flags & VIR_DOMAIN_AFFECT_CONFIG) == 0 && !otherwise.empty())
            throw Error(ErrorCode::operation_invalid, std::string(otherwise));
        if (!def) throw Error(ErrorCode::operation_failed, "the definition changed while it was read");
        co_return def;
    }

    Task<wire::DomainGetSchedulerParametersRet> get_schedule(Caller, wire::DomainGetSchedulerParametersArgs args) {
        co_return wire::DomainGetSchedulerParametersRet{co_await schedule(find(args.dom), 0, args.nparams)};
    }
    Task<wire::DomainGetSchedulerParametersFlagsRet> get_schedule_of(Caller,
                                                                     wire::DomainGetSchedulerParametersFlagsArgs args) {
        check_flags(args.flags, both | VIR_TYPED_PARAM_STRING_OKAY, "DomainGetSchedulerParametersFlags");
        co_return wire::DomainGetSchedulerParametersFlagsRet{
            co_await schedule(find(args.dom), args.flags, args.nparams)};
    }
    Task<rpc::TypedParams> schedule(GuestPtr guest, std::uint32_t flags, std::int32_t room) {
        const auto def = co_await stored_for(guest, flags, "virDomainGetSchedulerParameters",
                                             "cgroup CPU controller is not mounted");
        auto params = schedule_of(def->cpu_tune);
        if (room >= 0 && params.size() > static_cast<std::size_t>(room)) params.resize(static_cast<std::size_t>(room));
        co_return params;
    }

    Task<> set_schedule(Caller, wire::DomainSetSchedulerParametersArgs args) {
        co_await reschedule(find(args.dom), std::move(args.params), 0);
    }
    Task<> set_schedule_of(Caller, wire::DomainSetSchedulerParametersFlagsArgs args) {
        check_flags(args.flags, both, "DomainSetSchedulerParametersFlags");
        co_await reschedule(find(args.dom), std::move(args.params), args.flags);
    }
    Task<> reschedule(GuestPtr guest, rpc::TypedParams params, std::uint32_t flags) {
        check_schedule(params);
        const auto turn = co_await guest->turn("set scheduler parameters");
        const Impact impact = impact_of(flags, *guest);
        if (impact.live) throw Error(ErrorCode::operation_invalid, "cgroup CPU controller is not mounted");
        co_await change(guest, impact, [params](DomainDef& def) { apply_schedule(def.cpu_tune, params); });
    }

    Task<wire::DomainGetNumaParametersRet> get_numa(Caller, wire::DomainGetNumaParametersArgs args) {
        check_flags(args.flags, both | VIR_TYPED_PARAM_STRING_OKAY, "DomainGetNumaParameters");
        // QEMU was told at its start; nobody moves its memory afterwards.
        const auto def = co_await stored_for(find(args.dom), args.flags, "virDomainGetNumaParameters", {});
        const NumaTune& tune = def->numa_tune;
        rpc::TypedParams params;
        rpc::add_int(params, "numa_mode", tune.has_memory ? static_cast<std::int32_t>(tune.mode) : 0);
        rpc::add_string(params, "numa_nodeset", tune.nodeset ? tune.nodeset->text() : "");
        wire::DomainGetNumaParametersRet ret;
        rpc::answer(ret, std::move(params), args.nparams);
        co_return ret;
    }

    Task<> set_numa(Caller, wire::DomainSetNumaParametersArgs args) {
        using enum ParamType;
        check_flags(args.flags, both, "DomainSetNumaParameters");
        rpc::check(args.params, {{.name = "numa_mode", .type = int_}, {.name = "numa_nodeset", .type = string}});
        const auto mode = rpc::find_int(args.params, "numa_mode");
        if (mode && (*mode < 0 || *mode > static_cast<int>(NumaTune::Mode::restrictive)))
            throw Error(ErrorCode::invalid_arg, fmt::format("unsupported numatune mode: '{}'", *mode));
        std::optional<model::CpuSet> nodes;
        if (const auto text = rpc::find_string(args.params, "numa_nodeset")) {
            nodes = model::CpuSet::parse(*text);
            if (!nodes || nodes->empty())
                throw Error(ErrorCode::invalid_arg, fmt::format("Failed to parse bitmap '{}'", *text));
        }
        const auto guest = find(args.dom);
        const auto turn = co_await guest->turn("set NUMA parameters");
        const Impact impact = impact_of(args.flags, *guest);
        if (impact.live) {
            const NumaTune& tune = guest->live()->numa_tune;
            if (mode && *mode != (tune.has_memory ? static_cast<int>(tune.mode) : 0))
                throw Error(ErrorCode::operation_invalid, "can't change numatune mode for running domain");
            throw Error(ErrorCode::operation_invalid, "cgroup cpuset controller is not mounted");
        }
        co_await change(guest, impact, [mode, nodes](DomainDef& def) {
            NumaTune& tune = def.numa_tune;
            tune.has_memory = true;
            if (mode) tune.mode = static_cast<NumaTune::Mode>(*mode);
            if (!nodes) return;
            tune.nodeset = nodes;
            tune.placement.reset();
        });
    }

    Task<wire::DomainGetPerfEventsRet> get_perf(Caller, wire::DomainGetPerfEventsArgs args) {
        check_flags(args.flags, both | VIR_TYPED_PARAM_STRING_OKAY, "DomainGetPerfEvents");
        const auto def = co_await stored_for(find(args.dom), args.flags, "virDomainGetPerfEvents", {});
        wire::DomainGetPerfEventsRet ret;
        for (const auto name : perf_names) rpc::add_boolean(ret.params, name, is_counted(*def, name));
        co_return ret;
    }

    Task<> set_perf(Caller, wire::DomainSetPerfEventsArgs args) {
        check_flags(args.flags, both, "DomainSetPerfEvents");
        for (const auto& param : args.params) {
            if (std::ranges::find(perf_names, param.field) == std::end(perf_names))
                throw Error(ErrorCode::argument_unsupported, fmt::format("parameter '{}' not supported", param.field));
            rpc::find_boolean(args.params, param.field);
        }
        const auto guest = find(args.dom);
        const auto turn = co_await guest->turn("set perf events");
        const Impact impact = impact_of(args.flags, *guest);
        for (const auto& param : args.params)
            if (impact.live && rpc::find_boolean(args.params, param.field).value_or(false))
                throw Error(ErrorCode::argument_unsupported,
                            fmt::format("unable to enable host cpu perf event for {}", param.field));
        co_await change(guest, impact, [params = std::move(args.params)](DomainDef& def) {
            for (const auto& param : params)
                count(def, param.field, rpc::find_boolean(params, param.field).value_or(false));
        });
    }
};

}  // namespace

Installed install_tuning(Guests& guests, rpc::HandlerTable& table) { return install_group<Tuning>(guests, table); }

}  // namespace innkeeper::guests
