#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "guests/audit.h"
#include "guests/handlers.h"
#include "guests/vcpu_counts.h"
#include "model/domain/domain.h"
#include "protocol/remote/domain.h"

/// Virtual processors that come and go.
namespace innkeeper::guests {

namespace {

using model::DomainDef;
using model::Vcpu;

/// All of them by themselves, as a definition has them where they are not just the first so many: those that were
/// there at the start stay.
void spell_out(DomainDef& def) {
    if (!def.vcpu_list.empty()) return;
    for (unsigned id = 0; id < def.vcpus.maximum; ++id) {
        Vcpu vcpu{.id = id, .enabled = id < current_vcpus(def), .hotpluggable = {}, .order = {}};
        if (vcpu.enabled) {
            vcpu.hotpluggable = false;
            vcpu.order = id + 1;
        }
        def.vcpu_list.push_back(vcpu);
    }
}

Vcpu* vcpu_of(DomainDef& def, unsigned id) {
    const auto found = std::ranges::find(def.vcpu_list, id, &Vcpu::id);
    return found == def.vcpu_list.end() ? nullptr : &*found;
}

/// How many are there follows from the list.
void count_again(DomainDef& def) {
    const auto enabled =
        static_cast<unsigned>(std::ranges::count_if(def.vcpu_list, [](const Vcpu& vcpu) { return vcpu.enabled; }));
    def.vcpus.current = enabled == def.vcpus.maximum ? std::nullopt : std::optional(enabled);
}

void switch_on(DomainDef& def, unsigned id) {
    spell_out(def);
    unsigned last = 0;
    for (const Vcpu& vcpu : def.vcpu_list) last = std::max(last, vcpu.order.value_or(0));
    if (Vcpu* vcpu = vcpu_of(def, id)) {
        vcpu->enabled = true;
        vcpu->order = last + 1;
    }
    count_again(def);
}

void switch_off(DomainDef& def, unsigned id) {
    spell_out(def);
    if (Vcpu* vcpu = vcpu_of(def, id)) {
        const unsigned order = vcpu->order.value_or(0);
        vcpu->enabled = false;
        vcpu->order.reset();
        for (Vcpu& other : def.vcpu_list)
            if (order != 0 && other.order && *other.order > order) --*other.order;
    }
    count_again(def);
}

std::string_view kind_of(bool is_live) { return is_live ? "live" : "persistent"; }

class VcpuChanges : public Handlers {
  public:
    using Handlers::Handlers;
    using Self = VcpuChanges;

    void install(rpc::HandlerTable& table) {
        table.add<wire::DomainSetVcpus>(*this, &Self::set);
        table.add<wire::DomainSetVcpusFlags>(*this, &Self::set_with_flags);
        table.add<wire::DomainSetVcpu>(*this, &Self::set_single);
        table.add<wire::DomainGetGuestVcpus>(*this, &Self::guest_vcpus);
    }

  private:
    Task<> set(Caller, wire::DomainSetVcpusArgs args) {
        co_await set_count(find(args.dom), args.nvcpus, VIR_DOMAIN_AFFECT_LIVE);
    }
    Task<> set_with_flags(Caller, wire::DomainSetVcpusFlagsArgs args) {
        check_flags(args.flags,
                    VIR_DOMAIN_VCPU_LIVE | VIR_DOMAIN_VCPU_CONFIG | VIR_DOMAIN_VCPU_MAXIMUM | VIR_DOMAIN_VCPU_GUEST |
                        VIR_DOMAIN_VCPU_HOTPLUGGABLE,
                    "DomainSetVcpusFlags");
        co_await set_count(find(args.dom), args.nvcpus, args.flags);
    }

    Task<> set_count(GuestPtr guest, unsigned count, std::uint32_t flags) {
        const auto turn = co_await guest->turn("set vcpus");
        const Impact impact = impact_of(flags, *guest);
        if ((flags & VIR_DOMAIN_VCPU_GUEST) != 0) {
            if (impact.config)
                throw Error(ErrorCode::invalid_arg,
                            "changing of maximum vCPU count or persistent config isn't "
                            "supported via guest agent");
            co_await hypervisor().agent_command(guest, R"({"execute":"guest-get-vcpus"})", -2);
            co_return;
        }
        if ((flags & VIR_DOMAIN_VCPU_MAXIMUM) != 0) {
            co_await set_maximum(guest, impact, count);
            co_return;
        }
        if (impact.live) refuse_too_many(*guest->live(), count, true);
        if (impact.config) {
            const auto stored = co_await guest->persistent();
            refuse_too_many(*stored, count, false);
        }
        if (impact.live) co_await set_live_count(guest, count);
        if (!impact.config) co_return;
        const bool hotpluggable = (flags & VIR_DOMAIN_VCPU_HOTPLUGGABLE) != 0;
        co_await change(guest, {.live = false, .config = true}, [count, hotpluggable](DomainDef& def) {
            def.vcpu_list.clear();
            if (hotpluggable) {
                spell_out(def);
                for (Vcpu& vcpu : def.vcpu_list) {
                    if (vcpu.id >= current_vcpus(def)) vcpu.hotpluggable = true;
                    vcpu.enabled = vcpu.id < count;
                    vcpu.order.reset();
                }
            }
            def.vcpus.current = count == def.vcpus.maximum ? std::nullopt : std::optional(count);
        });
    }

    void refuse_too_many(const DomainDef& def, unsigned count, bool is_live) {
        if (count > def.vcpus.maximum)
            throw Error(ErrorCode::invalid_arg,
                        fmt::format("requested vcpus is greater than max allowable vcpus for the {} domain: {} > {}",
                                    kind_of(is_live), count, def.vcpus.maximum));
    }

    Task<> set_maximum(GuestPtr guest, Impact impact, unsigned count) {
        if (impact.live)
            throw Error(ErrorCode::operation_invalid, "maximum vcpu count of a live domain can't be modified");
        const auto stored = co_await guest->persistent();
        auto def = std::make_shared<DomainDef>(*stored);
        if (def->cpu && def->cpu->topology)
            throw Error(ErrorCode::invalid_arg, "CPU topology doesn't match the desired vcpu count");
        def->vcpu_list.clear();
        const unsigned current = std::min(current_vcpus(*def), count);
        def->vcpus.maximum = count;
        def->vcpus.current = current == count ? std::nullopt : std::optional(current);
        // Whether its machine takes so many.
        co_await hypervisor().complete(*def, Purpose::define);
        co_await guests_.store_definition(guest, std::move(def));
    }

    /// One after the other; what has been done stays done if the next cannot be.
    Task<> set_live_count(GuestPtr guest, unsigned count) {
        require_active(*guest);
        audit::Attempt attempt;
        if (const auto* audit = guests_.audit(); audit != nullptr && current_vcpus(*guest->live()) != count)
            attempt.record_as([audit, live = guest->live(), count](bool success) {
                audit::amount(*audit, *live, "vcpu", current_vcpus(*live), count, success);
            });
        for (;;) {
            require_active(*guest);
            const auto live = guest->live();
            const unsigned now = current_vcpus(*live);
            if (now == count) {
                attempt.succeeded();
                co_return;
            }
            const unsigned id = now < count ? next_off(*live) : last_on(*live);
            co_await toggle(guest, id, now < count);
        }
    }

    Task<> toggle(GuestPtr guest, unsigned id, bool on) {
        if (on)
            co_await hypervisor().plug_vcpu(guest, id);
        else
            co_await hypervisor().unplug_vcpu(guest, id);
        co_await change(guest, {.live = true, .config = false},
                        [id, on](DomainDef& def) { on ? switch_on(def, id) : switch_off(def, id); });
    }

    static unsigned next_off(const DomainDef& def) {
        for (const Vcpu& vcpu : def.vcpu_list)
            if (!vcpu.enabled) return vcpu.id;
        return current_vcpus(def);
    }
    static unsigned last_on(const DomainDef& def) {
        for (auto vcpu = def.vcpu_list.rbegin(); vcpu != def.vcpu_list.rend(); ++vcpu)
            if (vcpu->enabled) return vcpu->id;
        return current_vcpus(def) - 1;
    }

    Task<> set_single(Caller, wire::DomainSetVcpuArgs args) {
        check_flags(args.flags, VIR_DOMAIN_AFFECT_LIVE | VIR_DOMAIN_AFFECT_CONFIG, "DomainSetVcpu");
        const auto ids = model::CpuSet::parse(args.cpumap);
        if (!ids || ids->empty())
            throw Error(ErrorCode::invalid_arg, fmt::format("Failed to parse bitmap '{}'", args.cpumap));
        const bool on = args.state != 0;
        const auto guest = find(args.dom);
        const auto turn = co_await guest->turn("set vcpu");
        const Impact impact = impact_of(args.flags, *guest);
        const auto numbers = ids->numbers();
        if (impact.live) {
            auto trial = *guest->live();
            for (const unsigned id : numbers) check_toggle(trial, id, on, true);
        }
        if (impact.config) {
            const auto stored = co_await guest->persistent();
            auto trial = *stored;
            for (const unsigned id : numbers) check_toggle(trial, id, on, false);
        }
        if (impact.live)
            for (const unsigned id : numbers) co_await toggle(guest, id, on);
        if (!impact.config) co_return;
        co_await change(guest, {.live = false, .config = true}, [numbers, on](DomainDef& def) {
            for (const unsigned id : numbers) {
                on ? switch_on(def, id) : switch_off(def, id);
                if (Vcpu* vcpu = vcpu_of(def, id)) vcpu->hotpluggable = true;
            }
            for (Vcpu& vcpu : def.vcpu_list)
                if (!vcpu.enabled) vcpu.hotpluggable = true;
        });
    }

    static void check_toggle(DomainDef& def, unsigned id, bool on, bool is_live) {
        spell_out(def);
        if (id == 0 && !on) throw Error(ErrorCode::operation_unsupported, "vcpu '0' can't be unplugged");
        const Vcpu* vcpu = vcpu_of(def, id);
        if (vcpu == nullptr)
            throw Error(ErrorCode::invalid_arg,
                        fmt::format("vcpu {} is not present in {} config", id, kind_of(is_live)));
        if (vcpu->enabled == on)
            throw Error(ErrorCode::invalid_arg, fmt::format("vcpu '{}' is already in requested state", id));
        if (is_live && !on && !vcpu->hotpluggable.value_or(false))
            throw Error(ErrorCode::invalid_arg, fmt::format("vcpu '{}' can't be hotunplugged", id));
    }

    Task<wire::DomainGetGuestVcpusRet> guest_vcpus(Caller, wire::DomainGetGuestVcpusArgs args) {
        check_flags(args.flags, 0, "DomainGetGuestVcpus");
        const auto guest = find(args.dom);
        require_active(*guest);
        co_await hypervisor().agent_command(guest, R"({"execute":"guest-get-vcpus"})", -2);
        throw Error(ErrorCode::no_support, ErrorDomain::domain, "virDomainGetGuestVcpus");
    }
};

}  // namespace

Installed install_vcpu_changes(Guests& guests, rpc::HandlerTable& table) {
    return install_group<VcpuChanges>(guests, table);
}

}  // namespace innkeeper::guests
