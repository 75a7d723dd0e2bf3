#include <fmt/format.h>

#include <utility>

#include "base/error.h"
#include "guests/definitions.h"
#include "guests/handlers.h"
#include "model/domain/domain.h"
#include "protocol/remote/connect.h"

/// What the hypervisor can do, asked without any guest.
namespace innkeeper::guests {

namespace {

class HostHandlers : public Handlers {
  public:
    using Handlers::Handlers;
    using Self = HostHandlers;

    void install(rpc::HandlerTable& table) {
        table.add<wire::ConnectGetType>(*this, &Self::get_type);
        table.add<wire::ConnectGetVersion>(*this, &Self::get_version);
        table.add<wire::ConnectGetCapabilities>(*this, &Self::get_capabilities);
        table.add<wire::ConnectGetDomainCapabilities>(*this, &Self::get_domain_capabilities);
        table.add<wire::ConnectGetMaxVcpus>(*this, &Self::get_max_vcpus);
        table.add<wire::ConnectDomainXmlToNative>(*this, &Self::to_native);
    }

  private:
    wire::ConnectGetTypeRet get_type(const Caller&) { return {hypervisor().type()}; }

    Task<wire::ConnectGetVersionRet> get_version(Caller) {
        const std::uint64_t version = co_await hypervisor().version();
        co_return wire::ConnectGetVersionRet{version};
    }
    Task<wire::ConnectGetCapabilitiesRet> get_capabilities(Caller) {
        auto document = co_await hypervisor().capabilities();
        co_return wire::ConnectGetCapabilitiesRet{std::move(document)};
    }
    Task<wire::ConnectGetDomainCapabilitiesRet> get_domain_capabilities(Caller,
                                                                        wire::ConnectGetDomainCapabilitiesArgs args) {
        check_flags(args.flags, 0, "ConnectGetDomainCapabilities");
        auto document =
            co_await hypervisor().domain_capabilities(args.emulatorbin.value_or(""), args.arch.value_or(""),
                                                      args.machine.value_or(""), args.virttype.value_or(""));
        co_return wire::ConnectGetDomainCapabilitiesRet{std::move(document)};
    }
    Task<wire::ConnectGetMaxVcpusRet> get_max_vcpus(Caller, wire::ConnectGetMaxVcpusArgs args) {
        const int most = co_await hypervisor().max_vcpus(args.type.value_or(""));
        co_return wire::ConnectGetMaxVcpusRet{most};
    }

    Task<wire::ConnectDomainXmlToNativeRet> to_native(Caller, wire::ConnectDomainXmlToNativeArgs args) {
        check_flags(args.flags, 0, "ConnectDomainXMLToNative");
        if (args.nativeFormat != hypervisor().folder() + "-argv")
            throw Error(ErrorCode::invalid_arg, fmt::format("unsupported config type {}", args.nativeFormat));
        const auto def = co_await read_definition(guests_, std::move(args.domainXml), Purpose::start);
        auto text = co_await hypervisor().to_native(def);
        co_return wire::ConnectDomainXmlToNativeRet{std::move(text)};
    }
};

}  // namespace

Installed install_host(Guests& guests, rpc::HandlerTable& table) { return install_group<HostHandlers>(guests, table); }

}  // namespace innkeeper::guests
