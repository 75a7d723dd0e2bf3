#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "base/error.h"
#include "guests/cpu_map.h"
#include "guests/handlers.h"
#include "guests/vcpu_counts.h"
#include "model/domain/domain.h"
#include "protocol/remote/domain.h"

/// Virtual processors: how many, what they do, where they may run.
namespace innkeeper::guests {

namespace {

std::optional<model::CpuSet> pin_of(const model::DomainDef& def, unsigned vcpu) {
    for (const auto& pin : def.cpu_tune.vcpu_pins)
        if (pin.id == vcpu) return pin.cpuset;
    return def.vcpus.cpuset;
}

class VcpuHandlers : public Handlers {
  public:
    using Handlers::Handlers;
    using Self = VcpuHandlers;

    void install(rpc::HandlerTable& table) {
        table.add<wire::DomainGetMaxVcpus>(*this, &Self::get_max);
        table.add<wire::DomainGetVcpusFlags>(*this, &Self::get_count);
        table.add<wire::DomainGetVcpus>(*this, &Self::get);
        table.add<wire::DomainGetVcpuPinInfo>(*this, &Self::get_pins);
        table.add<wire::DomainGetEmulatorPinInfo>(*this, &Self::get_emulator_pin);
    }

  private:
    Task<wire::DomainGetMaxVcpusRet> get_max(Caller, wire::DomainGetMaxVcpusArgs args) {
        const auto guest = find(args.dom);
        const auto def = co_await definition_for(guest, VIR_DOMAIN_AFFECT_LIVE, "virDomainGetMaxVcpus");
        co_return wire::DomainGetMaxVcpusRet{static_cast<std::int32_t>(def->vcpus.maximum)};
    }

    Task<wire::DomainGetVcpusFlagsRet> get_count(Caller, wire::DomainGetVcpusFlagsArgs args) {
        check_flags(args.flags,
                    VIR_DOMAIN_VCPU_LIVE | VIR_DOMAIN_VCPU_CONFIG | VIR_DOMAIN_VCPU_MAXIMUM | VIR_DOMAIN_VCPU_GUEST,
                    "DomainGetVcpusFlags");
        const auto guest = find(args.dom);
        const auto def = co_await definition_for(guest, args.flags, "virDomainGetVcpusFlags");
        if (!def) throw Error(ErrorCode::operation_failed, "the definition changed while it was read");
        if ((args.flags & VIR_DOMAIN_VCPU_GUEST) != 0) {
            if (!guest->is_active())
                throw Error(ErrorCode::invalid_arg,
                            "vCPU count provided by the guest agent can only be requested for live domains");
            throw Error(ErrorCode::argument_unsupported, "QEMU guest agent is not configured");
        }
        const bool most = (args.flags & VIR_DOMAIN_VCPU_MAXIMUM) != 0;
        co_return wire::DomainGetVcpusFlagsRet{
            static_cast<std::int32_t>(most ? def->vcpus.maximum : current_vcpus(*def))};
    }

    wire::DomainGetVcpusRet get(const Caller&, const wire::DomainGetVcpusArgs& args) {
        const auto guest = find(args.dom);
        if (!guest->is_active())
            throw Error(ErrorCode::operation_invalid, "cannot retrieve vcpu information for inactive domain");
        const auto def = guest->live();
        wire::DomainGetVcpusRet ret;
        for (const auto& vcpu : hypervisor().vcpus(*guest)) {
            if (std::cmp_greater_equal(ret.info.size(), args.maxinfo)) break;
            ret.info.push_back({vcpu.number, vcpu.state, vcpu.time_ns, vcpu.cpu});
            const auto map = cpu_map(pin_of(*def, vcpu.number), args.maplen);
            ret.cpumaps.insert(ret.cpumaps.end(), map.begin(), map.end());
        }
        return ret;
    }

    Task<wire::DomainGetVcpuPinInfoRet> get_pins(Caller, wire::DomainGetVcpuPinInfoArgs args) {
        check_flags(args.flags, VIR_DOMAIN_AFFECT_LIVE | VIR_DOMAIN_AFFECT_CONFIG, "DomainGetVcpuPinInfo");
        const auto def = co_await definition_for(find(args.dom), args.flags, "virDomainGetVcpuPinInfo");
        wire::DomainGetVcpuPinInfoRet ret;
        const auto count = def ? std::min(static_cast<std::int32_t>(current_vcpus(*def)), args.ncpumaps) : 0;
        for (std::int32_t vcpu = 0; vcpu < count; ++vcpu) {
            const auto map = cpu_map(pin_of(*def, static_cast<unsigned>(vcpu)), args.maplen);
            ret.cpumaps.insert(ret.cpumaps.end(), map.begin(), map.end());
        }
        ret.num = std::max(count, 0);
        co_return ret;
    }

    Task<wire::DomainGetEmulatorPinInfoRet> get_emulator_pin(Caller, wire::DomainGetEmulatorPinInfoArgs args) {
        check_flags(args.flags, VIR_DOMAIN_AFFECT_LIVE | VIR_DOMAIN_AFFECT_CONFIG, "DomainGetEmulatorPinInfo");
        const auto def = co_await definition_for(find(args.dom), args.flags, "virDomainGetEmulatorPinInfo");
        if (!def) throw Error(ErrorCode::operation_failed, "the definition changed while it was read");
        const auto& pin = def->cpu_tune.emulator_pin ? def->cpu_tune.emulator_pin : def->vcpus.cpuset;
        co_return wire::DomainGetEmulatorPinInfoRet{cpu_map(pin, args.maplen), 1};
    }
};

}  // namespace

Installed install_vcpus(Guests& guests, rpc::HandlerTable& table) { return install_group<VcpuHandlers>(guests, table); }

}  // namespace innkeeper::guests
