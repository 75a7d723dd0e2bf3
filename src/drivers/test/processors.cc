#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "drivers/test/handlers.h"
#include "guests/cpu_map.h"
#include "guests/vcpu_counts.h"
#include "model/domain/domain.h"
#include "protocol/remote/domain.h"
#include "rpc/codec/typed_params.h"

/// Virtual processors of simulated guests, and which of the simulated host's they are said to run on.
namespace innkeeper::test {

namespace {

using model::CpuSet;
using model::DomainDef;

CpuSet set_of(const std::vector<std::uint8_t>& map) {
    CpuSet set;
    for (unsigned cpu = 0; cpu < map.size() * 8 && cpu <= CpuSet::highest; ++cpu)
        if ((map[cpu / 8] >> (cpu % 8) & 1) != 0) set.add(cpu);
    return set;
}

void put_pin(std::vector<model::Pin>& pins, unsigned id, const CpuSet& set) {
    const auto at = std::ranges::lower_bound(pins, id, {}, &model::Pin::id);
    if (at != pins.end() && at->id == id)
        at->cpuset = set;
    else
        pins.insert(at, {.id = id, .cpuset = set});
}

bool has_iothread(const DomainDef& def, unsigned id) {
    return std::ranges::find(def.iothread_ids, id, &model::IoThread::id) != def.iothread_ids.end();
}

void set_current(DomainDef& def, unsigned count) {
    def.vcpu_list.clear();
    def.vcpus.current = count == def.vcpus.maximum ? std::nullopt : std::optional(count);
}

class Processors : public Handlers {
  public:
    using Handlers::Handlers;
    using Self = Processors;

    void install(rpc::HandlerTable& table) {
        table.add<wire::DomainGetVcpus>(*this, &Self::get_vcpus);
        table.add<wire::DomainGetVcpusFlags>(*this, &Self::get_count);
        table.add<wire::DomainSetVcpus>(*this, &Self::set_vcpus);
        table.add<wire::DomainSetVcpusFlags>(*this, &Self::set_vcpus_with_flags);
        table.add<wire::DomainPinVcpu>(*this, &Self::pin_vcpu);
        table.add<wire::DomainPinVcpuFlags>(*this, &Self::pin_vcpu_with_flags);
        table.add<wire::DomainGetVcpuPinInfo>(*this, &Self::get_vcpu_pins);
        table.add<wire::DomainPinEmulator>(*this, &Self::pin_emulator);
        table.add<wire::DomainGetEmulatorPinInfo>(*this, &Self::get_emulator_pin);
        table.add<wire::DomainPinIothread>(*this, &Self::pin_iothread);
        table.add<wire::DomainGetIothreadInfo>(*this, &Self::get_iothreads);
        table.add<wire::DomainSetIothreadParams>(*this, &Self::tune_iothread);
    }

  private:
    CpuSet all_processors() {
        CpuSet set;
        for (unsigned cpu = 0; cpu < driver().host.processors(); ++cpu) set.add(cpu);
        return set;
    }
    CpuSet processors_of(const DomainDef& def, unsigned vcpu) {
        for (const auto& pin : def.cpu_tune.vcpu_pins)
            if (pin.id == vcpu) return pin.cpuset;
        return def.vcpus.cpuset ? *def.vcpus.cpuset : all_processors();
    }
    static void append_map(std::vector<std::uint8_t>& maps, const CpuSet& set, std::int32_t bytes) {
        const auto start = maps.size();
        maps.resize(start + static_cast<std::size_t>(std::clamp(bytes, 0, 2048)));
        for (unsigned cpu = 0; cpu < (maps.size() - start) * 8; ++cpu)
            if (set.contains(cpu)) maps[start + cpu / 8] |= static_cast<std::uint8_t>(1U << (cpu % 8));
    }

    /// Each runs on the last that it may.
    wire::DomainGetVcpusRet get_vcpus(const Caller&, const wire::DomainGetVcpusArgs& args) {
        const auto guest = find(args.dom);
        if (!guest->is_active()) throw Error(ErrorCode::operation_invalid, "cannot list vcpus for an inactive domain");
        const auto def = guest->live();
        const std::uint64_t time = now_us() / 10;
        wire::DomainGetVcpusRet ret;
        for (unsigned vcpu = 0; vcpu < guests::current_vcpus(*def) && std::cmp_less(vcpu, args.maxinfo); ++vcpu) {
            const CpuSet set = processors_of(*def, vcpu);
            ret.info.push_back(
                {vcpu, VIR_VCPU_RUNNING, time, set.empty() ? -1 : static_cast<std::int32_t>(set.last())});
            append_map(ret.cpumaps, set, args.maplen);
        }
        return ret;
    }

    Task<wire::DomainGetVcpusFlagsRet> get_count(Caller, wire::DomainGetVcpusFlagsArgs args) {
        check_flags(args.flags, affects | VIR_DOMAIN_VCPU_MAXIMUM, "DomainGetVcpusFlags");
        const auto def =
            co_await guests::definition_for(find(args.dom), args.flags & affects, "virDomainGetVcpusFlags");
        const bool most = (args.flags & VIR_DOMAIN_VCPU_MAXIMUM) != 0;
        co_return wire::DomainGetVcpusFlagsRet{
            static_cast<std::int32_t>(most ? def->vcpus.maximum : guests::current_vcpus(*def))};
    }

    Task<> set_vcpus(Caller, wire::DomainSetVcpusArgs args) {
        co_await set_count(find(args.dom), args.nvcpus, VIR_DOMAIN_AFFECT_LIVE);
    }
    Task<> set_vcpus_with_flags(Caller, wire::DomainSetVcpusFlagsArgs args) {
        check_flags(args.flags, affects | VIR_DOMAIN_VCPU_MAXIMUM, "DomainSetVcpusFlags");
        co_await set_count(find(args.dom), args.nvcpus, args.flags);
    }
    Task<> set_count(GuestPtr guest, unsigned count, std::uint32_t flags) {
        const bool most = (flags & VIR_DOMAIN_VCPU_MAXIMUM) != 0;
        if (most && (flags & VIR_DOMAIN_AFFECT_CONFIG) == 0)
            throw guests::refused_argument(
                "virDomainSetVcpusFlags", "flags",
                "Flag 'VIR_DOMAIN_AFFECT_CONFIG' is required by flag 'VIR_DOMAIN_VCPU_MAXIMUM'");
        if (count < 1 || count > most_vcpus)
            throw Error(
                ErrorCode::invalid_arg,
                fmt::format("requested cpu amount exceeds maximum supported amount ({} > {})", count, most_vcpus));
        const auto turn = co_await guest->turn("set vcpus");
        const guests::Impact impact = guests::impact_of(flags & affects, *guest);
        const auto stored = impact.config ? co_await guest->persistent() : nullptr;
        unsigned limit = most_vcpus;
        if (impact.live) limit = std::min(limit, guest->live()->vcpus.maximum);
        if (stored && !most) limit = std::min(limit, stored->vcpus.maximum);
        if (count > limit)
            throw Error(ErrorCode::invalid_arg,
                        fmt::format("requested cpu amount exceeds maximum ({} > {})", count, limit));
        if (impact.config)
            co_await change(guest, {.live = false, .config = true}, [count, most](DomainDef& def) {
                const unsigned current = guests::current_vcpus(def);
                if (most) def.vcpus.maximum = count;
                set_current(def, most ? std::min(current, count) : count);
            });
        if (impact.live)
            co_await change(guest, {.live = true, .config = false},
                            [count](DomainDef& def) { set_current(def, count); });
    }

    Task<> pin_vcpu(Caller, wire::DomainPinVcpuArgs args) {
        co_await pin(find(args.dom), args.vcpu, set_of(args.cpumap));
    }
    Task<> pin_vcpu_with_flags(Caller, wire::DomainPinVcpuFlagsArgs args) {
        check_flags(args.flags, 0, "DomainPinVcpuFlags");
        co_await pin(find(args.dom), args.vcpu, set_of(args.cpumap));
    }
    Task<> pin(GuestPtr guest, unsigned vcpu, CpuSet set) {
        const auto turn = co_await guest->turn("pin vcpu");
        if (!guest->is_active()) throw Error(ErrorCode::operation_invalid, "cannot pin vcpus on an inactive domain");
        if (vcpu >= guests::current_vcpus(*guest->live()))
            throw Error(ErrorCode::invalid_arg, fmt::format("requested vcpu '{}' is not present in the domain", vcpu));
        co_await change(guest, {.live = true, .config = false},
                        [vcpu, set](DomainDef& def) { put_pin(def.cpu_tune.vcpu_pins, vcpu, set); });
    }
    Task<wire::DomainGetVcpuPinInfoRet> get_vcpu_pins(Caller, wire::DomainGetVcpuPinInfoArgs args) {
        check_flags(args.flags, affects, "DomainGetVcpuPinInfo");
        const auto def = co_await guests::definition_for(find(args.dom), args.flags, "virDomainGetVcpuPinInfo");
        wire::DomainGetVcpuPinInfoRet ret;
        const auto count = std::min(guests::current_vcpus(*def), static_cast<unsigned>(std::max(args.ncpumaps, 0)));
        for (unsigned vcpu = 0; vcpu < count; ++vcpu) append_map(ret.cpumaps, processors_of(*def, vcpu), args.maplen);
        ret.num = static_cast<std::int32_t>(count);
        co_return ret;
    }

    Task<> pin_emulator(Caller, wire::DomainPinEmulatorArgs args) {
        check_flags(args.flags, affects, "DomainPinEmulator");
        const auto set = set_of(args.cpumap);
        const auto guest = find(args.dom);
        const auto turn = co_await guest->turn("pin emulator");
        const auto impact = guests::impact_of(args.flags, *guest);
        if (set.empty()) throw Error(ErrorCode::invalid_arg, "Empty cpu list for pinning");
        co_await change(guest, impact, [set](DomainDef& def) { def.cpu_tune.emulator_pin = set; });
    }
    Task<wire::DomainGetEmulatorPinInfoRet> get_emulator_pin(Caller, wire::DomainGetEmulatorPinInfoArgs args) {
        check_flags(args.flags, affects, "DomainGetEmulatorPinInfo");
        const auto def = co_await guests::definition_for(find(args.dom), args.flags, "virDomainGetEmulatorPinInfo");
        const auto& pin = def->cpu_tune.emulator_pin ? def->cpu_tune.emulator_pin : def->vcpus.cpuset;
        wire::DomainGetEmulatorPinInfoRet ret{.cpumaps = {}, .ret = 1};
        append_map(ret.cpumaps, pin ? *pin : all_processors(), args.maplen);
        co_return ret;
    }

    Task<> pin_iothread(Caller, wire::DomainPinIothreadArgs args) {
        check_flags(args.flags, affects, "DomainPinIOThread");
        const auto set = set_of(args.cpumap);
        const unsigned id = args.iothreads_id;
        const auto guest = find(args.dom);
        const auto turn = co_await guest->turn("pin iothread");
        const auto impact = guests::impact_of(args.flags, *guest);
        if (set.empty()) throw Error(ErrorCode::invalid_arg, "Empty iothread cpumap list for pinning");
        co_await change(guest, impact, [id, set](DomainDef& def) {
            if (!has_iothread(def, id)) throw Error(ErrorCode::invalid_arg, fmt::format("iothreadid {} not found", id));
            put_pin(def.cpu_tune.iothread_pins, id, set);
        });
    }
    /// Those that are not pinned run on as many processors as the guest has.
    Task<wire::DomainGetIothreadInfoRet> get_iothreads(Caller, wire::DomainGetIothreadInfoArgs args) {
        check_flags(args.flags, affects, "DomainGetIOThreadInfo");
        const auto def = co_await guests::definition_for(find(args.dom), args.flags, "virDomainGetIOThreadInfo");
        wire::DomainGetIothreadInfoRet ret;
        for (const auto& thread : def->iothread_ids) {
            CpuSet set;
            for (unsigned cpu = 0; cpu < guests::current_vcpus(*def); ++cpu) set.add(cpu);
            if (def->vcpus.cpuset) set = *def->vcpus.cpuset;
            for (const auto& pin : def->cpu_tune.iothread_pins)
                if (pin.id == thread.id) set = pin.cpuset;
            std::vector<std::uint8_t> map;
            append_map(map, set, guests::map_length());
            ret.info.push_back({thread.id, std::move(map)});
        }
        ret.ret = static_cast<std::uint32_t>(ret.info.size());
        co_return ret;
    }
    Task<> tune_iothread(Caller, wire::DomainSetIothreadParamsArgs args) {
        check_flags(args.flags, VIR_DOMAIN_AFFECT_LIVE, "DomainSetIOThreadParams");
        rpc::check(args.params, {{.name = "poll_max_ns", .type = rpc::ParamType::ullong},
                                 {.name = "poll_grow", .type = rpc::ParamType::uint_},
                                 {.name = "poll_shrink", .type = rpc::ParamType::uint_}});
        const auto def = co_await guests::definition_for(find(args.dom), args.flags, "virDomainSetIOThreadParams");
        if (!has_iothread(*def, args.iothread_id))
            throw Error(ErrorCode::invalid_arg,
                        fmt::format("cannot find IOThread '{}' in iothreadids", args.iothread_id));
    }
};

}  // namespace

Installed install_processors(guests::Guests& guests, rpc::HandlerTable& table) {
    return guests::install_group<Processors>(guests, table);
}

}  // namespace innkeeper::test
