#include "guests/happening.h"

#include <functional>
#include <utility>

#include "guests/guests.h"
#include "protocol/qemu.h"
#include "protocol/remote/events.h"
#include "rpc/codec/xdr.h"

/// How what happens to a guest travels: the message of each kind of event.
namespace innkeeper::guests {

namespace {

namespace wire = protocol::remote;
using Rows = objects::EventHub::Rows;

/// Monitor events are registered for apart from all others.
constexpr int monitor_events = -1;

/// Sends one happening to those who listen. Messages in the callback style that hold an older message differ from it
/// only by the number before it, so that `body` is the older one; pm events have a reason between the two.
class Publisher {
  public:
    Publisher(objects::EventHub& hub, const Guest& guest) : hub_(hub), guest_(guest) {
        key_.assign(guest.uuid().bytes.begin(), guest.uuid().bytes.end());
    }

    void operator()(const happening::LifecycleChange& e) {
        send<wire::DomainEventCallbackLifecycle, wire::DomainEventLifecycle>(
            0, wire::DomainEventLifecycleMsg{domain(), static_cast<std::int32_t>(e.event), e.detail});
    }
    void operator()(const happening::Reboot&) {
        send<wire::DomainEventCallbackReboot, wire::DomainEventReboot>(1, wire::DomainEventRebootMsg{domain()});
    }
    void operator()(const happening::RtcChange& e) {
        send<wire::DomainEventCallbackRtcChange, wire::DomainEventRtcChange>(
            2, wire::DomainEventRtcChangeMsg{domain(), e.offset});
    }
    void operator()(const happening::Watchdog& e) {
        send<wire::DomainEventCallbackWatchdog, wire::DomainEventWatchdog>(
            3, wire::DomainEventWatchdogMsg{domain(), e.action});
    }
    void operator()(const happening::IoError& e) {
        send<wire::DomainEventCallbackIoError, wire::DomainEventIoError>(
            4, wire::DomainEventIoErrorMsg{domain(), e.path, e.alias, e.action});
        send<wire::DomainEventCallbackIoErrorReason, wire::DomainEventIoErrorReason>(
            6, wire::DomainEventIoErrorReasonMsg{domain(), e.path, e.alias, e.action, e.reason});
    }
    void operator()(const happening::Graphics& e) {
        wire::DomainEventGraphicsMsg message{domain(), e.phase, address(e.local), address(e.remote), e.auth_scheme, {}};
        for (const auto& [type, name] : e.subject) message.subject.push_back({type, name});
        send<wire::DomainEventCallbackGraphics, wire::DomainEventGraphics>(5, message);
    }
    void operator()(const happening::BlockJob& e) {
        send<wire::DomainEventCallbackBlockJob, wire::DomainEventBlockJob>(
            8, wire::DomainEventBlockJobMsg{domain(), e.path, e.type, e.status});
        send<wire::DomainEventBlockJob2>(16, wire::DomainEventBlockJob2Msg{0, domain(), e.target, e.type, e.status});
    }
    void operator()(const happening::DiskChange& e) {
        send<wire::DomainEventCallbackDiskChange, wire::DomainEventDiskChange>(
            9, wire::DomainEventDiskChangeMsg{domain(), or_nothing(e.old_path), or_nothing(e.new_path), e.alias,
                                              e.reason});
    }
    void operator()(const happening::TrayChange& e) {
        send<wire::DomainEventCallbackTrayChange, wire::DomainEventTrayChange>(
            10, wire::DomainEventTrayChangeMsg{domain(), e.alias, e.reason});
    }
    void operator()(const happening::PmWakeup&) {
        send_pm<wire::DomainEventCallbackPmwakeup, wire::DomainEventPmwakeup>(11,
                                                                              wire::DomainEventPmwakeupMsg{domain()});
    }
    void operator()(const happening::PmSuspend&) {
        send_pm<wire::DomainEventCallbackPmsuspend, wire::DomainEventPmsuspend>(
            12, wire::DomainEventPmsuspendMsg{domain()});
    }
    void operator()(const happening::PmSuspendDisk&) {
        send_pm<wire::DomainEventCallbackPmsuspendDisk, wire::DomainEventPmsuspendDisk>(
            14, wire::DomainEventPmsuspendDiskMsg{domain()});
    }
    void operator()(const happening::BalloonChange& e) {
        send<wire::DomainEventCallbackBalloonChange, wire::DomainEventBalloonChange>(
            13, wire::DomainEventBalloonChangeMsg{domain(), e.kib});
    }
    void operator()(const happening::DeviceRemoved& e) {
        send<wire::DomainEventCallbackDeviceRemoved, wire::DomainEventDeviceRemoved>(
            15, wire::DomainEventDeviceRemovedMsg{domain(), e.alias});
    }
    void operator()(const happening::AgentLifecycle& e) {
        send<wire::DomainEventCallbackAgentLifecycle>(
            18, wire::DomainEventCallbackAgentLifecycleMsg{0, domain(), e.state, e.reason});
    }
    void operator()(const happening::DeviceAdded& e) {
        send<wire::DomainEventCallbackDeviceAdded>(19, wire::DomainEventCallbackDeviceAddedMsg{0, domain(), e.alias});
    }
    void operator()(const happening::MigrationIteration& e) {
        send<wire::DomainEventCallbackMigrationIteration>(
            20, wire::DomainEventCallbackMigrationIterationMsg{0, domain(), e.iteration});
    }
    void operator()(const happening::JobCompleted& e) {
        wire::DomainEventCallbackJobCompletedMsg message{0, domain(), {}};
        for (const auto& [name, value] : e.params)
            message.params.push_back(
                {name, std::visit([](auto number) { return protocol::TypedParamValue(number); }, value)});
        send<wire::DomainEventCallbackJobCompleted>(21, message);
    }
    void operator()(const happening::DeviceRemovalFailed& e) {
        send<wire::DomainEventCallbackDeviceRemovalFailed>(
            22, wire::DomainEventCallbackDeviceRemovalFailedMsg{0, domain(), e.alias});
    }
    void operator()(const happening::MetadataChange& e) {
        send<wire::DomainEventCallbackMetadataChange>(
            23, wire::DomainEventCallbackMetadataChangeMsg{0, domain(), e.type, or_nothing(e.uri)});
    }
    void operator()(const happening::BlockThreshold& e) {
        send<wire::DomainEventBlockThreshold>(
            24, wire::DomainEventBlockThresholdMsg{0, domain(), e.dev, or_nothing(e.path), e.threshold, e.excess});
    }
    void operator()(const happening::MemoryFailure& e) {
        send<wire::DomainEventMemoryFailure>(
            25, wire::DomainEventMemoryFailureMsg{0, domain(), e.recipient, e.action, e.flags});
    }
    void operator()(const happening::MemoryDeviceSizeChange& e) {
        send<wire::DomainEventMemoryDeviceSizeChange>(
            26, wire::DomainEventMemoryDeviceSizeChangeMsg{0, domain(), e.alias, e.size});
    }
    void operator()(const happening::MonitorEvent& e) {
        if (!hub_.wanted(monitor_events, key_, e.event)) return;
        const protocol::qemu::DomainMonitorEventMsg message{0,         domain(), e.event,
                                                            e.seconds, e.micros, or_nothing(e.details)};
        hub_.publish(monitor_events, key_, {&protocol::qemu::DomainMonitorEvent::row, nullptr},
                     rpc::encoded(message).substr(4), e.event);
    }

  private:
    wire::Domain domain() const { return {guest_.name(), guest_.uuid(), guest_.id()}; }
    static std::optional<std::string> or_nothing(const std::string& text) {
        return text.empty() ? std::nullopt : std::optional(text);
    }
    static wire::DomainEventGraphicsAddress address(const happening::Graphics::Address& a) {
        return {a.family, a.node, a.service};
    }

    /// A message of both styles: `message` is the older one.
    template <class Callback, class Legacy, class Message>
    void send(int event, const Message& message) {
        if (hub_.wanted(event, key_)) hub_.publish(event, key_, {&Callback::row, &Legacy::row}, rpc::encoded(message));
    }
    /// A message of the newer style alone, which begins with the number.
    template <class Callback, class Message>
    void send(int event, const Message& message) {
        if (hub_.wanted(event, key_))
            hub_.publish(event, key_, {&Callback::row, nullptr}, rpc::encoded(message).substr(4));
    }
    template <class Callback, class Legacy, class Message>
    void send_pm(int event, const Message& message) {
        if (!hub_.wanted(event, key_)) return;
        const std::string older = rpc::encoded(message);
        hub_.publish(event, key_, {nullptr, &Legacy::row}, older);
        std::string newer(4, '\0');  // the reason: none is known
        newer += older;
        hub_.publish(event, key_, {&Callback::row, nullptr}, newer);
    }

    objects::EventHub& hub_;
    const Guest& guest_;
    std::string key_;
};

}  // namespace

void Guests::publish(const Guest& guest, const Happening& happening) {
    std::visit(Publisher(events_, guest), happening);
}

}  // namespace innkeeper::guests
