#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "guests/audit.h"
#include "guests/devices/devices.h"
#include "guests/devices/live.h"
#include "guests/handlers.h"
#include "model/domain/domain_checks.h"
#include "protocol/remote/domain.h"

/// Devices that come to a guest, leave it or become others, by a document that is the device alone. What concerns both
/// definitions is worked out for the stored one first, then done to what runs, then stored: who is refused anywhere has
/// changed nothing.
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

/// By which the device is found again once the definition with it has been completed: no user can have given it.
constexpr std::string_view mark = "\n";

std::string mark_device(Device& device) {
    std::string name;
    std::visit(
        [&](auto& one) {
            if constexpr (requires { one.info; }) {
                if (one.info.alias.empty()) one.info.alias = mark;
                name = one.info.alias;
            }
        },
        device);
    return name;
}

/// The controllers that the definition has got for the device. Only those of SCSI can come to a guest that runs.
std::vector<model::Controller> new_controllers(const model::Devices& before, const model::Devices& after,
                                               std::string_view marked) {
    using Type = model::Controller::Type;
    std::vector<model::Controller> added;
    for (const auto& controller : after.controllers) {
        if (controller.info.alias == marked) continue;
        const auto is_same = [&](const model::Controller& other) {
            return other.type == controller.type && other.index == controller.index;
        };
        if (std::ranges::any_of(before.controllers, is_same)) continue;
        if (controller.type == Type::pci)
            throw Error(ErrorCode::internal_error, ErrorDomain::domain, "No more available PCI slots");
        // Others are part of a board, or cannot come: who refers to one is told so by the hypervisor.
        if (controller.type == Type::scsi) added.push_back(controller);
    }
    return added;
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
        const Device device = model::parse_device(xml);
        DefPtr config;
        if (impact.config) {
            const auto stored = co_await guest->persistent();
            co_await check(guests_, stored, device);
            config = co_await changed(guests_, stored, [device](model::Devices& devices) { attach(devices, device); });
        }
        if (impact.live) co_await plug(guest, device);
        if (config) co_await guests_.store_definition(guest, std::move(config));
    }

    Task<> plug(GuestPtr guest, Device device) {
        require_active(*guest);
        const auto live = guest->live();
        co_await check(guests_, live, device);
        refuse_unpluggable(live->devices, device);
        if (auto* controller = std::get_if<model::Controller>(&device)) number(live->devices, *controller);
        const std::string name = mark_device(device);
        const auto whole = co_await changed(guests_, live, [device](model::Devices& devices) { put(devices, device); });
        if (name.empty()) co_return change_live(*guest, device);
        for (auto& controller : new_controllers(live->devices, whole->devices, name))
            co_await plug_one(guest, controller);
        auto placed = find_by_alias(whole->devices, name);
        if (name == mark)
            std::visit(
                [](auto& one) {
                    if constexpr (requires { one.info; }) one.info.alias.clear();
                },
                placed);
        co_await plug_one(guest, std::move(placed));
    }

    Task<> plug_one(GuestPtr guest, Device device) {
        require_active(*guest);
        auto wanted = std::make_shared<model::DomainDef>(*guest->live());
        put(wanted->devices, device);
        audit::Attempt attempt(record_of_coming(guest, wanted, device));
        co_await hypervisor().plug_device(guest, std::move(wanted), std::string(model::tag_of(device)));
        attempt.succeeded();
    }

    audit::Attempt::Record record_of_coming(GuestPtr guest, DefPtr def, Device device) {
        const auto* audit = guests_.audit();
        if (audit == nullptr) return {};
        return [audit, guest = std::move(guest), def = std::move(def), device = std::move(device)](bool success) {
            if (const auto* memory = std::get_if<model::MemoryDevice>(&device))
                audit::amount(*audit, *def, "mem", def->memory_kib, def->memory_kib + memory->size, success);
            else
                audit::device(*audit, *def, placed_in(*guest, device), "attach", success);
        };
    }

    /// With what it got when it came, such as the path of its socket.
    static Device placed_in(const Guest& guest, const Device& device) {
        Device latest = device;
        const auto live = guest.live();
        if (!live) return latest;
        std::visit(
            [&](auto& one) {
                if constexpr (requires { one.info; })
                    model::for_each_device(live->devices, [&]<class Other>(const Other& other) {
                        if constexpr (std::is_same_v<Other, std::remove_reference_t<decltype(one)>>)
                            if (one.info.has_address() && other.info.address == one.info.address) one = other;
                    });
            },
            latest);
        return latest;
    }

    /// A device that only the definition knows.
    static void change_live(Guest& guest, const Device& device) {
        auto live = std::make_shared<model::DomainDef>(*guest.live());
        put(live->devices, device);
        guest.set_live(std::move(live));
    }

    static void forget_live(Guest& guest, const Device& device) {
        auto live = std::make_shared<model::DomainDef>(*guest.live());
        detach(live->devices, device);
        guest.set_live(std::move(live));
    }

    Task<> detach_from(GuestPtr guest, std::string xml, std::uint32_t flags) {
        const auto turn = co_await guest->turn("modify");
        const Impact impact = impact_of(flags, *guest);
        const Device device = model::parse_device(xml);
        DefPtr config;
        if (impact.config) config = co_await without(co_await guest->persistent(), device);
        if (impact.live) {
            require_active(*guest);
            const auto live = guest->live();
            const auto name = name_to_unplug(live->devices, device);
            if (name.empty())
                forget_live(*guest, device);
            else
                co_await hypervisor().unplug_device(guest, name);
        }
        if (config) co_await guests_.store_definition(guest, std::move(config));
    }

    Task<> detach_device_alias(Caller, wire::DomainDetachDeviceAliasArgs args) {
        check_flags(args.flags, both, "DomainDetachDeviceAliasLiveAndConfig");
        const auto guest = find(args.dom);
        const auto turn = co_await guest->turn("modify");
        const Impact impact = impact_of(args.flags, *guest);
        DefPtr config;
        if (impact.config) {
            const auto stored = co_await guest->persistent();
            config = co_await without(stored, find_by_alias(stored->devices, args.alias));
        }
        if (impact.live) {
            require_active(*guest);
            refuse_to_unplug(find_by_alias(guest->live()->devices, args.alias));
            co_await hypervisor().unplug_device(guest, args.alias);
        }
        if (config) co_await guests_.store_definition(guest, std::move(config));
    }

    Task<DefPtr> without(DefPtr def, Device device) {
        co_return co_await changed(guests_, def, [device](model::Devices& devices) { detach(devices, device); });
    }

    Task<> update_device_flags(Caller, wire::DomainUpdateDeviceFlagsArgs args) {
        check_flags(args.flags, both | VIR_DOMAIN_DEVICE_MODIFY_FORCE, "DomainUpdateDeviceFlags");
        const auto guest = find(args.dom);
        const auto turn = co_await guest->turn("modify");
        const Impact impact = impact_of(args.flags, *guest);
        const Device device = model::parse_device(args.xml);
        DefPtr config;
        if (impact.config) {
            const auto stored = co_await guest->persistent();
            co_await check(guests_, stored, device);
            config = co_await changed(guests_, stored, [device](model::Devices& devices) { update(devices, device); });
        }
        if (impact.live) co_await update_live(guest, device, (args.flags & VIR_DOMAIN_DEVICE_MODIFY_FORCE) != 0);
        if (config) co_await guests_.store_definition(guest, std::move(config));
    }

    Task<> update_live(GuestPtr guest, Device device, bool force) {
        require_active(*guest);
        co_await check(guests_, guest->live(), device);
        auto [devices, alias] = updated_live(guest->live()->devices, device);
        auto wanted = std::make_shared<model::DomainDef>(*guest->live());
        wanted->devices = std::move(devices);
        audit::Attempt attempt(record_of_medium(guest->live(), wanted, alias));
        co_await hypervisor().update_device(guest, std::move(wanted), std::move(alias), force);
        attempt.succeeded();
    }

    audit::Attempt::Record record_of_medium(DefPtr before, DefPtr after, std::string alias) {
        const auto* audit = guests_.audit();
        if (audit == nullptr) return {};
        return [audit, before = std::move(before), after = std::move(after), alias = std::move(alias)](bool success) {
            const auto named = [&](const model::Disk& disk) { return disk.info.alias == alias; };
            const auto was = std::ranges::find_if(before->devices.disks, named);
            const auto is = std::ranges::find_if(after->devices.disks, named);
            if (was != before->devices.disks.end() && is != after->devices.disks.end())
                audit::medium(*audit, *before, *was, *is, success);
        };
    }
};

}  // namespace

Installed install_device_changes(Guests& guests, rpc::HandlerTable& table) {
    return install_group<DeviceChanges>(guests, table);
}

}  // namespace innkeeper::guests
