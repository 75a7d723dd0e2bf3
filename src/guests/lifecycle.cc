#include <vector>

#include "base/error.h"
#include "guests/definitions.h"
#include "guests/handlers.h"
#include "guests/start.h"
#include "protocol/remote/domain.h"

namespace innkeeper::guests {

namespace {

constexpr std::uint32_t create_flags = VIR_DOMAIN_START_PAUSED | VIR_DOMAIN_START_AUTODESTROY;

StartRequest request_of(std::uint32_t flags, const Caller& caller) {
    StartRequest request;
    request.paused = (flags & VIR_DOMAIN_START_PAUSED) != 0;
    request.bypass_cache = (flags & VIR_DOMAIN_START_BYPASS_CACHE) != 0;
    request.force_boot = (flags & VIR_DOMAIN_START_FORCE_BOOT) != 0;
    request.reset_nvram = (flags & VIR_DOMAIN_START_RESET_NVRAM) != 0;
    if ((flags & VIR_DOMAIN_START_AUTODESTROY) != 0) request.lives_with = caller.session;
    return request;
}

/// The bits for ACPI and the agent are the same for shutting down and rebooting.
std::vector<Way> ways_of(std::uint32_t flags) {
    std::vector<Way> ways;
    // The agent first, if both are asked for: as the peer, which falls back to the button.
    if ((flags & VIR_DOMAIN_SHUTDOWN_GUEST_AGENT) != 0) ways.push_back(Way::agent);
    if ((flags & VIR_DOMAIN_SHUTDOWN_ACPI_POWER_BTN) != 0) ways.push_back(Way::acpi);
    return ways;
}
constexpr std::uint32_t way_flags = VIR_DOMAIN_SHUTDOWN_ACPI_POWER_BTN | VIR_DOMAIN_SHUTDOWN_GUEST_AGENT;

class LifecycleHandlers : public Handlers {
  public:
    using Handlers::Handlers;
    using Self = LifecycleHandlers;

    void install(rpc::HandlerTable& table) {
        table.add<wire::DomainCreateXml>(*this, &Self::create_xml);
        table.add<wire::DomainCreate>(*this, &Self::create);
        table.add<wire::DomainCreateWithFlags>(*this, &Self::create_with_flags);
        table.add<wire::DomainDestroy>(*this, &Self::destroy_now);
        table.add<wire::DomainDestroyFlags>(*this, &Self::destroy_flags);
        table.add<wire::DomainShutdown>(*this, &Self::shutdown);
        table.add<wire::DomainShutdownFlags>(*this, &Self::shutdown_flags);
        table.add<wire::DomainReboot>(*this, &Self::reboot);
        table.add<wire::DomainReset>(*this, &Self::reset);
        table.add<wire::DomainSuspend>(*this, &Self::suspend);
        table.add<wire::DomainResume>(*this, &Self::resume);
    }

  private:
    Task<wire::DomainCreateXmlRet> create_xml(Caller caller, wire::DomainCreateXmlArgs args) {
        check_flags(args.flags, create_flags | VIR_DOMAIN_START_VALIDATE | VIR_DOMAIN_START_RESET_NVRAM,
                    "DomainCreateXML");
        const auto validate = (args.flags & VIR_DOMAIN_START_VALIDATE) != 0 ? Validate::yes : Validate::no;
        const auto def = co_await read_definition(guests_, std::move(args.xml_desc), Purpose::start, validate);
        const auto guest = co_await start_transient(guests_, def, request_of(args.flags, caller));
        co_return wire::DomainCreateXmlRet{wire_domain(*guest)};
    }

    Task<> create(Caller, wire::DomainCreateArgs args) { co_await start_stored(guests_, find(args.dom), {}); }

    Task<wire::DomainCreateWithFlagsRet> create_with_flags(Caller caller, wire::DomainCreateWithFlagsArgs args) {
        check_flags(
            args.flags,
            create_flags | VIR_DOMAIN_START_BYPASS_CACHE | VIR_DOMAIN_START_FORCE_BOOT | VIR_DOMAIN_START_RESET_NVRAM,
            "DomainCreateWithFlags");
        const auto guest = find(args.dom);
        co_await start_stored(guests_, guest, request_of(args.flags, caller));
        co_return wire::DomainCreateWithFlagsRet{wire_domain(*guest)};
    }

    Task<> destroy_now(Caller, wire::DomainDestroyArgs args) {
        co_await destroy(guests_, find(args.dom), Hypervisor::Destroy::now);
    }

    Task<> destroy_flags(Caller, wire::DomainDestroyFlagsArgs args) {
        check_flags(args.flags, VIR_DOMAIN_DESTROY_GRACEFUL | VIR_DOMAIN_DESTROY_REMOVE_LOGS, "DomainDestroyFlags");
        const bool gracefully = (args.flags & VIR_DOMAIN_DESTROY_GRACEFUL) != 0;
        co_await destroy(guests_, find(args.dom),
                         gracefully ? Hypervisor::Destroy::gracefully : Hypervisor::Destroy::now);
    }

    Task<> shutdown(Caller, wire::DomainShutdownArgs args) { co_await ask_to_shut_down(find(args.dom), {}); }

    Task<> shutdown_flags(Caller, wire::DomainShutdownFlagsArgs args) {
        check_flags(args.flags, way_flags, "DomainShutdownFlags");
        co_await ask_to_shut_down(find(args.dom), ways_of(args.flags));
    }

    Task<> ask_to_shut_down(GuestPtr guest, std::vector<Way> ways) {
        const auto turn = co_await guest->turn("shutdown");
        if (!guest->is_active()) throw Error(ErrorCode::operation_invalid, "domain is not running");
        co_await hypervisor().shutdown(guest, std::move(ways));
    }

    Task<> reboot(Caller, wire::DomainRebootArgs args) {
        check_flags(args.flags, way_flags, "DomainReboot");
        const auto guest = find(args.dom);
        const auto turn = co_await guest->turn("reboot");
        require_active(*guest);
        co_await hypervisor().reboot(guest, ways_of(args.flags));
    }

    Task<> reset(Caller, wire::DomainResetArgs args) {
        check_flags(args.flags, 0, "DomainReset");
        const auto guest = find(args.dom);
        const auto turn = co_await guest->turn("reset");
        require_active(*guest);
        co_await hypervisor().reset(guest);
    }

    Task<> suspend(Caller, wire::DomainSuspendArgs args) {
        const auto guest = find(args.dom);
        const auto turn = co_await guest->turn("suspend");
        require_active(*guest);
        if (guest->condition().state == State::pm_suspended)
            throw Error(ErrorCode::operation_invalid, "domain is pmsuspended");
        if (guest->condition().state != State::paused) co_await hypervisor().suspend(guest, Paused::user);
    }

    Task<> resume(Caller, wire::DomainResumeArgs args) {
        const auto guest = find(args.dom);
        const auto turn = co_await guest->turn("resume");
        require_active(*guest);
        const State state = guest->condition().state;
        if (state == State::pm_suspended) throw Error(ErrorCode::operation_invalid, "domain is pmsuspended");
        if (state == State::running) throw Error(ErrorCode::operation_invalid, "domain is already running");
        co_await hypervisor().resume(guest, Running::unpaused);
    }
};

}  // namespace

Installed install_lifecycle(Guests& guests, rpc::HandlerTable& table) {
    return install_group<LifecycleHandlers>(guests, table);
}

}  // namespace innkeeper::guests
