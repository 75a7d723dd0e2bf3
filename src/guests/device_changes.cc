#include <utility>

#include "base/error.h"
#include "guests/devices/devices.h"
#include "guests/handlers.h"
#include "model/domain/domain_checks.h"
#include "protocol/remote/domain.h"

/// Devices that come to a guest, leave it or become others, by a document that is the device alone.
namespace innkeeper::guests {

namespace {

using model::Device;
using Change = std::function<void(model::Devices&)>;

/// The definition with the change, settled and completed.
Task<DefPtr> changed(Guests& guests, DefPtr stored, Change change) {
    model::DomainDef def = *stored;
    change(def.devices);
    model::settle_domain(def);
    co_return co_await guests.hypervisor().complete(std::move(def), Purpose::change);
}

/// Whether the hypervisor could have the device at all, before it is asked whether the guest can.
Task<> check(Guests& guests, DefPtr stored, Device device) {
    auto def = std::make_shared<model::DomainDef>(*stored);
    put(def->devices, device);
    model::check_aliases(def->devices);
    co_await guests.hypervisor().check_device(std::move(def), std::string(model::tag_of(device)));
}

class DeviceChanges : public Handlers {
  public:
    using Handlers::Handlers;

    void install(rpc::HandlerTable& table) {
        table.add<wire::DomainAttachDevice>(*this, &DeviceChanges::attach_device);
        table.add<wire::DomainAttachDeviceFlags>(*this, &DeviceChanges::attach_device_flags);
        table.add<wire::DomainDetachDevice>(*this, &DeviceChanges::detach_device);
        table.add<wire::DomainDetachDeviceFlags>(*this, &DeviceChanges::detach_device_flags);
        table.add<wire::DomainDetachDeviceAlias>(*this, &DeviceChanges::detach_device_alias);
        table.add<wire::DomainUpdateDeviceFlags>(*this, &DeviceChanges::update_device_flags);
    }

  private:
    static constexpr std::uint32_t both = VIR_DOMAIN_AFFECT_LIVE | VIR_DOMAIN_AFFECT_CONFIG;

    Task<> attach_device(Caller, wire::DomainAttachDeviceArgs args) {
        co_await attach_to(find(args.dom), std::move(args.xml), VIR_DOMAIN_AFFECT_LIVE);
    }

    Task<> attach_device_flags(Caller, wire::DomainAttachDeviceFlagsArgs args) {
        check_flags(args.flags, both, "DomainAttachDeviceLiveAndConfig");
        co_await attach_to(find(args.dom), std::move(args.xml), args.flags);
    }

    Task<> detach_device(Caller, wire::DomainDetachDeviceArgs args) {
        co_await detach_from(find(args.dom), std::move(args.xml), VIR_DOMAIN_AFFECT_LIVE);
    }

    Task<> detach_device_flags(Caller, wire::DomainDetachDeviceFlagsArgs args) {
        check_flags(args.flags, both, "DomainDetachDeviceLiveAndConfig");
        co_await detach_from(find(args.dom), std::move(args.xml), args.flags);
    }

    Task<> attach_to(GuestPtr guest, std::string xml, std::uint32_t flags) {
        const auto turn = co_await guest->turn("modify");
        const Impact impact = impact_of(flags, *guest);
        refuse_live(impact);
        const Device device = model::parse_device(xml);
        const auto stored = co_await guest->persistent();
        co_await check(guests_, stored, device);
        auto def = co_await changed(guests_, stored, [device](model::Devices& devices) { attach(devices, device); });
        co_await guests_.store_definition(guest, std::move(def));
    }

    Task<> detach_from(GuestPtr guest, std::string xml, std::uint32_t flags) {
        const auto turn = co_await guest->turn("modify");
        const Impact impact = impact_of(flags, *guest);
        refuse_live(impact);
        co_await detach_one(guest, model::parse_device(xml));
    }

    Task<> detach_device_alias(Caller, wire::DomainDetachDeviceAliasArgs args) {
        check_flags(args.flags, both, "DomainDetachDeviceAliasLiveAndConfig");
        const auto guest = find(args.dom);
        const auto turn = co_await guest->turn("modify");
        const Impact impact = impact_of(args.flags, *guest);
        refuse_live(impact);
        const auto stored = co_await guest->persistent();
        co_await detach_one(guest, find_by_alias(stored->devices, args.alias));
    }

    Task<> detach_one(GuestPtr guest, Device device) {
        const auto stored = co_await guest->persistent();
        auto def = co_await changed(guests_, stored, [device](model::Devices& devices) { detach(devices, device); });
        co_await guests_.store_definition(guest, std::move(def));
    }

    Task<> update_device_flags(Caller, wire::DomainUpdateDeviceFlagsArgs args) {
        check_flags(args.flags, both | VIR_DOMAIN_DEVICE_MODIFY_FORCE, "DomainUpdateDeviceFlags");
        const auto guest = find(args.dom);
        const auto turn = co_await guest->turn("modify");
        const Impact impact = impact_of(args.flags, *guest);
        refuse_live(impact);
        const Device device = model::parse_device(args.xml);
        const auto stored = co_await guest->persistent();
        co_await check(guests_, stored, device);
        auto def = co_await changed(guests_, stored, [device](model::Devices& devices) { update(devices, device); });
        co_await guests_.store_definition(guest, std::move(def));
    }

    static void refuse_live(Impact impact) {
        if (impact.live)
            throw Error(ErrorCode::operation_unsupported, "devices of a running domain cannot be changed yet");
    }
};

}  // namespace

Installed install_device_changes(Guests& guests, rpc::HandlerTable& table) {
    return install_group<DeviceChanges>(guests, table);
}

}  // namespace innkeeper::guests
