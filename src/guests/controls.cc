#include <fmt/format.h>

#include <chrono>
#include <utility>

#include "base/error.h"
#include "guests/handlers.h"
#include "model/domain/domain.h"
#include "protocol/remote/domain.h"

/// Keys, buttons and switches of a guest.
namespace innkeeper::guests {

namespace {

using model::LifecycleAction;

constexpr std::uint32_t occasions = 3, actions = 6, codesets = 10;

model::LifecycleAction& action_at(model::DomainDef& def, Hypervisor::Occasion occasion) {
    switch (occasion) {
        case Hypervisor::Occasion::poweroff:
            return def.on_poweroff;
        case Hypervisor::Occasion::reboot:
            return def.on_reboot;
        default:
            return def.on_crash;
    }
}

class Controls : public Handlers {
  public:
    using Handlers::Handlers;

    void install(rpc::HandlerTable& table) {
        table.add<wire::DomainInjectNmi>(*this, &Controls::inject_nmi);
        table.add<wire::DomainSendKey>(*this, &Controls::send_key);
        table.add<wire::DomainPmSuspendForDuration>(*this, &Controls::pm_suspend);
        table.add<wire::DomainPmWakeup>(*this, &Controls::pm_wakeup);
        table.add<wire::DomainSetLifecycleAction>(*this, &Controls::set_lifecycle_action);
    }

  private:
    Task<> inject_nmi(Caller, wire::DomainInjectNmiArgs args) {
        check_flags(args.flags, 0, "DomainInjectNMI");
        const auto guest = find(args.dom);
        const auto turn = co_await guest->turn("inject NMI");
        require_active(*guest);
        co_await hypervisor().inject_nmi(guest);
    }

    Task<> send_key(Caller, wire::DomainSendKeyArgs args) {
        check_flags(args.flags, 0, "DomainSendKey");
        const auto guest = find(args.dom);
        const auto turn = co_await guest->turn("send key");
        require_active(*guest);
        if (args.codeset >= codesets)
            throw Error(ErrorCode::invalid_arg, fmt::format("unknown keycode set {}", args.codeset));
        co_await hypervisor().send_key(guest, args.codeset, std::chrono::milliseconds(args.holdtime),
                                       std::move(args.keycodes));
    }

    Task<> pm_suspend(Caller, wire::DomainPmSuspendForDurationArgs args) {
        check_flags(args.flags, 0, "DomainPMSuspendForDuration");
        const auto guest = find(args.dom);
        const auto turn = co_await guest->turn("suspend by itself");
        if (!guest->is_active()) throw Error(ErrorCode::operation_invalid, "domain is not running");
        co_await hypervisor().pm_suspend(guest, args.target, std::chrono::seconds(args.duration));
    }

    Task<> pm_wakeup(Caller, wire::DomainPmWakeupArgs args) {
        check_flags(args.flags, 0, "DomainPMWakeup");
        const auto guest = find(args.dom);
        const auto turn = co_await guest->turn("wake up");
        require_active(*guest);
        co_await hypervisor().pm_wakeup(guest);
    }

    Task<> set_lifecycle_action(Caller, wire::DomainSetLifecycleActionArgs args) {
        check_flags(args.flags, VIR_DOMAIN_AFFECT_LIVE | VIR_DOMAIN_AFFECT_CONFIG, "DomainSetLifecycleAction");
        if (args.type >= occasions)
            throw Error(ErrorCode::invalid_arg, ErrorDomain::domain,
                        fmt::format("invalid lifecycle type '{}'", args.type));
        if (args.action >= actions)
            throw Error(ErrorCode::invalid_arg, ErrorDomain::domain,
                        fmt::format("invalid lifecycle action '{}'", args.action));
        const auto occasion = static_cast<Hypervisor::Occasion>(args.type);
        const auto action = static_cast<LifecycleAction>(args.action);
        const auto guest = find(args.dom);
        const auto turn = co_await guest->turn("set lifecycle action");
        const Impact impact = impact_of(args.flags, *guest);
        refuse_unusable(occasion, action);
        if (impact.live) {
            co_await hypervisor().set_lifecycle_action(guest, occasion, args.action);
            require_active(*guest);
        }
        if (impact.config) {
            const auto old = co_await guest->persistent();
            auto changed = std::make_shared<model::DomainDef>(*old);
            action_at(*changed, occasion) = action;
            co_await guests_.store_definition(guest, std::move(changed));
        }
        if (impact.live && guest->is_active()) {
            auto changed = std::make_shared<model::DomainDef>(*guest->live());
            action_at(*changed, occasion) = action;
            guest->set_live(std::move(changed));
        }
    }

    void refuse_unusable(Hypervisor::Occasion occasion, LifecycleAction action) {
        if (occasion == Hypervisor::Occasion::crash || action == LifecycleAction::destroy ||
            action == LifecycleAction::restart)
            return;
        static constexpr std::string_view words[] = {"destroy",  "restart",          "rename-restart",
                                                     "preserve", "coredump-destroy", "coredump-restart"};
        throw Error(ErrorCode::config_unsupported,
                    fmt::format("{} driver doesn't support the '{}' action for 'on_reboot'/'on_poweroff'",
                                hypervisor().prefix(), words[static_cast<std::size_t>(action)]));
    }
};

}  // namespace

Installed install_controls(Guests& guests, rpc::HandlerTable& table) { return install_group<Controls>(guests, table); }

}  // namespace innkeeper::guests
