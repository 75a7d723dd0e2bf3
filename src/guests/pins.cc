#include <fmt/format.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "guests/cpu_map.h"
#include "guests/handlers.h"
#include "model/domain/domain.h"
#include "protocol/remote/domain.h"

/// Which of the host's processors a guest's threads may run on.
namespace innkeeper::guests {

namespace {

using model::DomainDef;
using model::Pin;

model::CpuSet set_of(const std::vector<std::uint8_t>& map) {
    model::CpuSet set;
    for (unsigned cpu = 0; cpu < map.size() * 8 && cpu <= model::CpuSet::highest; ++cpu)
        if ((map[cpu / 8] >> (cpu % 8) & 1) != 0) set.add(cpu);
    if (set.empty()) throw Error(ErrorCode::invalid_arg, "Empty cpu list for pinning");
    return set;
}

/// Those that there are; a client may name more.
std::vector<unsigned> on_host(const model::CpuSet& set) {
    auto cpus = set.numbers();
    std::erase_if(cpus, [](unsigned cpu) { return cpu >= host_cpus(); });
    return cpus;
}

void put(std::vector<Pin>& pins, unsigned id, const model::CpuSet& set) {
    const auto at = std::ranges::lower_bound(pins, id, {}, &Pin::id);
    if (at != pins.end() && at->id == id)
        at->cpuset = set;
    else
        pins.insert(at, {.id = id, .cpuset = set});
}

bool has_iothread(const DomainDef& def, unsigned id) {
    return std::ranges::find(def.iothread_ids, id, &model::IoThread::id) != def.iothread_ids.end() ||
           (def.iothread_ids.empty() && id >= 1 && id <= def.iothreads);
}

class Pins : public Handlers {
  public:
    using Handlers::Handlers;
    using Self = Pins;

    void install(rpc::HandlerTable& table) {
        table.add<wire::DomainPinVcpu>(*this, &Self::pin_vcpu);
        table.add<wire::DomainPinVcpuFlags>(*this, &Self::pin_vcpu_with_flags);
        table.add<wire::DomainPinEmulator>(*this, &Self::pin_emulator);
        table.add<wire::DomainPinIothread>(*this, &Self::pin_iothread);
        table.add<wire::DomainGetIothreadInfo>(*this, &Self::get_iothreads);
    }

  private:
    static constexpr std::uint32_t both = VIR_DOMAIN_AFFECT_LIVE | VIR_DOMAIN_AFFECT_CONFIG;

    Task<> pin_vcpu(Caller, wire::DomainPinVcpuArgs args) {
        co_await pin_one(find(args.dom), args.vcpu, set_of(args.cpumap), VIR_DOMAIN_AFFECT_LIVE);
    }
    Task<> pin_vcpu_with_flags(Caller, wire::DomainPinVcpuFlagsArgs args) {
        check_flags(args.flags, both, "DomainPinVcpuFlags");
        co_await pin_one(find(args.dom), args.vcpu, set_of(args.cpumap), args.flags);
    }

    Task<> pin_one(GuestPtr guest, unsigned vcpu, model::CpuSet set, std::uint32_t flags) {
        const auto turn = co_await guest->turn("pin vcpu");
        const Impact impact = impact_of(flags, *guest);
        const auto refuse = [vcpu](const DomainDef& def, std::string_view kind) {
            if (vcpu >= def.vcpus.maximum)
                throw Error(ErrorCode::invalid_arg,
                            fmt::format("vcpu {} is out of range of {} cpu count {}", vcpu, kind, def.vcpus.maximum));
        };
        if (impact.live) refuse(*guest->live(), "live");
        if (impact.config) {
            const auto stored = co_await guest->persistent();
            refuse(*stored, "persistent");
        }
        if (impact.live) {
            require_active(*guest);
            hypervisor().pin_vcpu(*guest, vcpu, on_host(set));
        }
        co_await change(guest, impact, [vcpu, set](DomainDef& def) { put(def.cpu_tune.vcpu_pins, vcpu, set); });
    }

    Task<> pin_emulator(Caller, wire::DomainPinEmulatorArgs args) {
        check_flags(args.flags, both, "DomainPinEmulator");
        const auto set = set_of(args.cpumap);
        const auto guest = find(args.dom);
        const auto turn = co_await guest->turn("pin emulator");
        const Impact impact = impact_of(args.flags, *guest);
        if (impact.live) hypervisor().pin_emulator(*guest, on_host(set));
        co_await change(guest, impact, [set](DomainDef& def) { def.cpu_tune.emulator_pin = set; });
    }

    Task<> pin_iothread(Caller, wire::DomainPinIothreadArgs args) {
        check_flags(args.flags, both, "DomainPinIOThread");
        const auto set = set_of(args.cpumap);
        const unsigned id = args.iothreads_id;
        const auto guest = find(args.dom);
        const auto turn = co_await guest->turn("pin iothread");
        const Impact impact = impact_of(args.flags, *guest);
        if (impact.live && !has_iothread(*guest->live(), id))
            throw Error(ErrorCode::invalid_arg, fmt::format("iothread {} not found", id));
        if (impact.config) {
            const auto stored = co_await guest->persistent();
            if (!has_iothread(*stored, id))
                throw Error(ErrorCode::invalid_arg, fmt::format("iothreadid {} not found", id));
        }
        if (impact.live) {
            require_active(*guest);
            co_await hypervisor().pin_iothread(guest, id, on_host(set));
        }
        co_await change(guest, impact, [id, set](DomainDef& def) { put(def.cpu_tune.iothread_pins, id, set); });
    }

    Task<wire::DomainGetIothreadInfoRet> get_iothreads(Caller, wire::DomainGetIothreadInfoArgs args) {
        check_flags(args.flags, both, "DomainGetIOThreadInfo");
        const auto guest = find(args.dom);
        const auto def = co_await definition_for(guest, args.flags, "virDomainGetIOThreadInfo");
        if (!def) throw Error(ErrorCode::operation_failed, "the definition changed while it was read");
        wire::DomainGetIothreadInfoRet ret;
        const bool is_live = guest->is_active() && (args.flags & VIR_DOMAIN_AFFECT_CONFIG) == 0;
        if (is_live) {
            for (const auto& thread : co_await hypervisor().iothreads(guest))
                ret.info.push_back({thread.id, affinity_of(thread.thread)});
        } else {
            for (const auto& thread : def->iothread_ids) ret.info.push_back({thread.id, pin_of(*def, thread.id)});
        }
        ret.ret = static_cast<std::uint32_t>(ret.info.size());
        co_return ret;
    }

    static std::vector<std::uint8_t> pin_of(const DomainDef& def, unsigned id) {
        for (const Pin& pin : def.cpu_tune.iothread_pins)
            if (pin.id == id) return cpu_map(pin.cpuset, map_length());
        return cpu_map(def.vcpus.cpuset, map_length());
    }

    /// As the kernel has it now.
    static std::vector<std::uint8_t> affinity_of(pid_t thread) {
        cpu_set_t set;
        CPU_ZERO(&set);
        if (::sched_getaffinity(thread, sizeof set, &set) != 0) return cpu_map(std::nullopt, map_length());
        model::CpuSet cpus;
        for (unsigned cpu = 0; cpu < std::min<unsigned>(host_cpus(), CPU_SETSIZE); ++cpu)
            if (CPU_ISSET(cpu, &set)) cpus.add(cpu);
        return cpu_map(cpus, map_length());
    }
};

}  // namespace

Installed install_pins(Guests& guests, rpc::HandlerTable& table) { return install_group<Pins>(guests, table); }

}  // namespace innkeeper::guests
