#include <utility>

#include "guests/handlers.h"
#include "protocol/remote/connect.h"

/// What CPUs a guest could have, asked without any guest.
namespace innkeeper::guests {

namespace {

constexpr std::uint32_t baseline_flags = VIR_CONNECT_BASELINE_CPU_EXPAND_FEATURES | VIR_CONNECT_BASELINE_CPU_MIGRATABLE;
constexpr std::uint32_t compare_flags =
    VIR_CONNECT_COMPARE_CPU_FAIL_INCOMPATIBLE | VIR_CONNECT_COMPARE_CPU_VALIDATE_XML;

CpuWish wish_of(std::uint32_t flags) {
    return {.expand = (flags & VIR_CONNECT_BASELINE_CPU_EXPAND_FEATURES) != 0,
            .migratable = (flags & VIR_CONNECT_BASELINE_CPU_MIGRATABLE) != 0};
}

class CpuModelHandlers : public Handlers {
  public:
    using Handlers::Handlers;
    using Self = CpuModelHandlers;

    void install(rpc::HandlerTable& table) {
        table.add<wire::ConnectGetCpuModelNames>(*this, &Self::names);
        table.add<wire::ConnectBaselineCpu>(*this, &Self::baseline);
        table.add<wire::ConnectBaselineHypervisorCpu>(*this, &Self::baseline_emulated);
        table.add<wire::ConnectCompareCpu>(*this, &Self::compare);
        table.add<wire::ConnectCompareHypervisorCpu>(*this, &Self::compare_emulated);
    }

  private:
    Task<wire::ConnectGetCpuModelNamesRet> names(Caller, wire::ConnectGetCpuModelNamesArgs args) {
        check_flags(args.flags, 0, "ConnectGetCPUModelNames");
        auto models = co_await hypervisor().cpu_models(args.arch);
        wire::ConnectGetCpuModelNamesRet ret;
        ret.ret = static_cast<std::int32_t>(models.size());
        if (args.need_results != 0) ret.models = std::move(models);
        co_return ret;
    }

    Task<wire::ConnectBaselineCpuRet> baseline(Caller, wire::ConnectBaselineCpuArgs args) {
        check_flags(args.flags, baseline_flags, "ConnectBaselineCPU");
        require_some(args.xmlCPUs, "virConnectBaselineCPU");
        auto document = co_await hypervisor().baseline_cpu(std::move(args.xmlCPUs), wish_of(args.flags));
        co_return wire::ConnectBaselineCpuRet{std::move(document)};
    }

    Task<wire::ConnectBaselineHypervisorCpuRet> baseline_emulated(Caller, wire::ConnectBaselineHypervisorCpuArgs args) {
        check_flags(args.flags, baseline_flags, "ConnectBaselineHypervisorCPU");
        require_some(args.xmlCPUs, "virConnectBaselineHypervisorCPU");
        auto document =
            co_await hypervisor().baseline_emulated_cpu(choice_of(args), std::move(args.xmlCPUs), wish_of(args.flags));
        co_return wire::ConnectBaselineHypervisorCpuRet{std::move(document)};
    }

    CpuTest test_of(std::uint32_t flags, std::string_view function) {
        check_flags(flags, compare_flags, function);
        return {.must_fit = (flags & VIR_CONNECT_COMPARE_CPU_FAIL_INCOMPATIBLE) != 0,
                .validate = (flags & VIR_CONNECT_COMPARE_CPU_VALIDATE_XML) != 0};
    }

    Task<wire::ConnectCompareCpuRet> compare(Caller, wire::ConnectCompareCpuArgs args) {
        const CpuTest test = test_of(args.flags, "ConnectCompareCPU");
        const int result = co_await hypervisor().compare_cpu(std::move(args.xml), test);
        co_return wire::ConnectCompareCpuRet{result};
    }

    Task<wire::ConnectCompareHypervisorCpuRet> compare_emulated(Caller, wire::ConnectCompareHypervisorCpuArgs args) {
        const CpuTest test = test_of(args.flags, "ConnectCompareHypervisorCPU");
        const int result = co_await hypervisor().compare_emulated_cpu(choice_of(args), std::move(args.xmlCPU), test);
        co_return wire::ConnectCompareHypervisorCpuRet{result};
    }

    template <class Args>
    static EmulatorChoice choice_of(const Args& args) {
        return {args.emulator.value_or(""), args.arch.value_or(""), args.machine.value_or(""),
                args.virttype.value_or("")};
    }

    static void require_some(const std::vector<std::string>& documents, std::string_view api) {
        if (documents.empty())
            throw refused_argument(api, "ncpus", fmt::format("ncpus in {} must be greater than zero", api));
    }
};

}  // namespace

Installed install_cpu_models(Guests& guests, rpc::HandlerTable& table) {
    return install_group<CpuModelHandlers>(guests, table);
}

}  // namespace innkeeper::guests
