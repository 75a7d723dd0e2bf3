#include <fmt/format.h>

#include "base/error.h"
#include "guests/handlers.h"
#include "protocol/qemu.h"
#include "protocol/remote/connect.h"
#include "protocol/remote/event_ids.h"

/// Who wants to hear of what; how it is told stands in happening.cc.
namespace innkeeper::guests {

namespace {

namespace monitor = protocol::qemu;
using Style = objects::EventHub::Style;

constexpr int monitor_events = -1, lifecycle_event = 0;

class EventHandlers : public Handlers {
  public:
    using Handlers::Handlers;
    using Self = EventHandlers;

    void install(rpc::HandlerTable& table) {
        table.add<wire::ConnectDomainEventRegister>(*this, &Self::add_lifecycle);
        table.add<wire::ConnectDomainEventDeregister>(*this, &Self::remove_lifecycle);
        table.add<wire::ConnectDomainEventRegisterAny>(*this, &Self::add_legacy);
        table.add<wire::ConnectDomainEventDeregisterAny>(*this, &Self::remove_legacy);
        table.add<wire::ConnectDomainEventCallbackRegisterAny>(*this, &Self::add);
        table.add<wire::ConnectDomainEventCallbackDeregisterAny>(*this, &Self::remove);
        table.add<monitor::ConnectDomainMonitorEventRegister>(*this, &Self::add_monitor);
        table.add<monitor::ConnectDomainMonitorEventDeregister>(*this, &Self::remove_monitor);
    }

  private:
    wire::ConnectDomainEventRegisterRet add_lifecycle(const Caller& caller) {
        guests_.events().add(caller.session, lifecycle_event, {}, Style::legacy);
        return {0};
    }
    wire::ConnectDomainEventDeregisterRet remove_lifecycle(const Caller& caller) {
        guests_.events().remove_legacy(*caller.session, lifecycle_event);
        return {0};
    }

    void add_legacy(const Caller& caller, const wire::ConnectDomainEventRegisterAnyArgs& args) {
        check_event(args.eventID, true);
        guests_.events().add(caller.session, args.eventID, {}, Style::legacy);
    }
    void remove_legacy(const Caller& caller, const wire::ConnectDomainEventDeregisterAnyArgs& args) {
        check_event(args.eventID, true);
        guests_.events().remove_legacy(*caller.session, args.eventID);
    }

    wire::ConnectDomainEventCallbackRegisterAnyRet add(const Caller& caller,
                                                       const wire::ConnectDomainEventCallbackRegisterAnyArgs& args) {
        check_event(args.eventID, false);
        return {guests_.events().add(caller.session, args.eventID, key_of(args.dom), Style::callback)};
    }
    void remove(const Caller& caller, const wire::ConnectDomainEventCallbackDeregisterAnyArgs& args) {
        guests_.events().remove(*caller.session, args.callbackID);
    }

    monitor::ConnectDomainMonitorEventRegisterRet add_monitor(
        const Caller& caller, const monitor::ConnectDomainMonitorEventRegisterArgs& args) {
        check_flags(args.flags, 0, "ConnectDomainQemuMonitorEventRegister");
        return {guests_.events().add(caller.session, monitor_events, key_of(args.dom), Style::callback,
                                     args.event.value_or(""))};
    }
    void remove_monitor(const Caller& caller, const monitor::ConnectDomainMonitorEventDeregisterArgs& args) {
        guests_.events().remove(*caller.session, args.callbackID);
    }

    std::string key_of(const std::optional<wire::Domain>& dom) {
        if (!dom) return {};
        const auto guest = find(*dom);
        return {guest->uuid().bytes.begin(), guest->uuid().bytes.end()};
    }

    static void check_event(std::int32_t event, bool legacy) {
        for (const auto& messages : wire::domain_events)
            if (messages.event == event && (!legacy || messages.legacy != 0)) return;
        throw Error(ErrorCode::internal_error, ErrorDomain::rpc, fmt::format("unsupported event ID {}", event));
    }
};

}  // namespace

Installed install_events(Guests& guests, rpc::HandlerTable& table) {
    return install_group<EventHandlers>(guests, table);
}

}  // namespace innkeeper::guests
