#include <fmt/format.h>

#include "base/error.h"
#include "drivers/test/handlers.h"
#include "guests/definitions.h"
#include "guests/start.h"
#include "model/domain/domain.h"
#include "protocol/remote/domain.h"

/// How a simulated guest comes up, goes down and sleeps: at once, whatever was asked for.
namespace innkeeper::test {

namespace {

using guests::Running;
using guests::Shutoff;
using guests::State;

class Life : public Handlers {
  public:
    using Handlers::Handlers;
    using Self = Life;

    void install(rpc::HandlerTable& table) {
        table.add<wire::DomainCreate>(*this, &Self::create);
        table.add<wire::DomainCreateWithFlags>(*this, &Self::create_with_flags);
        table.add<wire::DomainCreateWithFiles>(*this, &Self::create_with_files);
        table.add<wire::DomainCreateXml>(*this, &Self::create_xml);
        table.add<wire::DomainCreateXmlWithFiles>(*this, &Self::create_xml_with_files);
        table.add<wire::DomainSuspend>(*this, &Self::suspend);
        table.add<wire::DomainResume>(*this, &Self::resume);
        table.add<wire::DomainShutdown>(*this, &Self::shutdown);
        table.add<wire::DomainShutdownFlags>(*this, &Self::shutdown_flags);
        table.add<wire::DomainReboot>(*this, &Self::reboot);
        table.add<wire::DomainReset>(*this, &Self::reset);
        table.add<wire::DomainDestroyFlags>(*this, &Self::destroy_flags);
        table.add<wire::DomainSetLifecycleAction>(*this, &Self::set_lifecycle_action);
        table.add<wire::DomainSetAutostart>(*this, &Self::set_autostart);
        table.add<wire::DomainManagedSave>(*this, &Self::managed_save);
        table.add<wire::DomainHasManagedSaveImage>(*this, &Self::has_managed_save);
        table.add<wire::DomainManagedSaveRemove>(*this, &Self::managed_save_remove);
    }

  private:
    Task<> start(GuestPtr guest) {
        if (guest->is_active())
            throw Error(ErrorCode::internal_error, fmt::format("Domain '{}' is already running", guest->name()));
        // Its memory was only said to be saved: it boots.
        guest->set_managed_save(false);
        co_await guests::start_stored(guests_, guest, {});
    }
    Task<> create(Caller, wire::DomainCreateArgs args) { co_await start(find(args.dom)); }
    Task<wire::DomainCreateWithFlagsRet> create_with_flags(Caller, wire::DomainCreateWithFlagsArgs args) {
        check_flags(args.flags, 0, "DomainCreateWithFlags");
        const auto guest = find(args.dom);
        co_await start(guest);
        co_return wire::DomainCreateWithFlagsRet{guests::wire_domain(*guest)};
    }
    Task<wire::DomainCreateWithFilesRet> create_with_files(Caller, wire::DomainCreateWithFilesArgs args) {
        check_flags(args.flags, 0, "DomainCreateWithFlags");
        const auto guest = find(args.dom);
        co_await start(guest);
        co_return wire::DomainCreateWithFilesRet{guests::wire_domain(*guest)};
    }

    Task<GuestPtr> run(std::string xml, std::uint32_t flags) {
        check_flags(flags, VIR_DOMAIN_START_VALIDATE, "DomainCreateXML");
        const auto validate = flags != 0 ? guests::Validate::yes : guests::Validate::no;
        const auto def = co_await guests::read_definition(guests_, std::move(xml), guests::Purpose::start, validate);
        co_return co_await guests::start_transient(guests_, def, {});
    }
    Task<wire::DomainCreateXmlRet> create_xml(Caller, wire::DomainCreateXmlArgs args) {
        const auto guest = co_await run(std::move(args.xml_desc), args.flags);
        co_return wire::DomainCreateXmlRet{guests::wire_domain(*guest)};
    }
    Task<wire::DomainCreateXmlWithFilesRet> create_xml_with_files(Caller, wire::DomainCreateXmlWithFilesArgs args) {
        const auto guest = co_await run(std::move(args.xml_desc), args.flags);
        co_return wire::DomainCreateXmlWithFilesRet{guests::wire_domain(*guest)};
    }

    void suspend(const Caller&, const wire::DomainSuspendArgs& args) {
        const auto guest = find(args.dom);
        if (guest->condition().state != State::running)
            throw Error(ErrorCode::internal_error, fmt::format("domain '{}' not running", guest->name()));
        guest->paused(guests::Paused::user);
    }
    void resume(const Caller&, const wire::DomainResumeArgs& args) {
        const auto guest = find(args.dom);
        if (guest->condition().state != State::paused)
            throw Error(ErrorCode::internal_error, fmt::format("domain '{}' not paused", guest->name()));
        guest->running(Running::unpaused);
    }

    /// As the definition has it for that occasion.
    void act(const GuestPtr& guest, model::LifecycleAction action) {
        using enum model::LifecycleAction;
        switch (action) {
            case restart:
            case rename_restart:
                guest->enter(Running::booted);
                break;
            default:
                guest->ended(Shutoff::shutdown);
        }
    }

    void shut_down(const GuestPtr& guest) {
        if (guest->condition().state == State::shutoff)
            throw Error(ErrorCode::internal_error, fmt::format("domain '{}' not running", guest->name()));
        act(guest, guest->live()->on_poweroff);
    }
    void shutdown(const Caller&, const wire::DomainShutdownArgs& args) { shut_down(find(args.dom)); }
    void shutdown_flags(const Caller&, const wire::DomainShutdownFlagsArgs& args) {
        check_flags(args.flags, 0, "DomainShutdownFlags");
        shut_down(find(args.dom));
    }

    void reboot(const Caller&, const wire::DomainRebootArgs& args) {
        constexpr std::uint32_t known = VIR_DOMAIN_REBOOT_ACPI_POWER_BTN | VIR_DOMAIN_REBOOT_GUEST_AGENT |
                                        VIR_DOMAIN_REBOOT_INITCTL | VIR_DOMAIN_REBOOT_SIGNAL |
                                        VIR_DOMAIN_REBOOT_PARAVIRT;
        check_flags(args.flags, known, "DomainReboot");
        const auto guest = find_active(args.dom);
        act(guest, guest->live()->on_reboot);
    }
    void reset(const Caller&, const wire::DomainResetArgs& args) {
        check_flags(args.flags, 0, "DomainReset");
        find_active(args.dom);
    }

    Task<> destroy_flags(Caller, wire::DomainDestroyFlagsArgs args) {
        check_flags(args.flags, VIR_DOMAIN_DESTROY_GRACEFUL, "DomainDestroyFlags");
        co_await guests::destroy(guests_, find(args.dom), guests::Hypervisor::Destroy::now);
    }

    Task<> set_lifecycle_action(Caller, wire::DomainSetLifecycleActionArgs args) {
        static constexpr std::string_view occasions[] = {"poweroff", "reboot", "crash"};
        static constexpr std::string_view actions[] = {"destroy",  "restart",          "rename-restart",
                                                       "preserve", "coredump-destroy", "coredump-restart"};
        check_flags(args.flags, affects, "DomainSetLifecycleAction");
        if (args.type >= std::size(occasions))
            throw Error(ErrorCode::invalid_arg, ErrorDomain::domain,
                        fmt::format("invalid lifecycle type '{}'", args.type));
        if (args.action >= std::size(actions))
            throw Error(ErrorCode::invalid_arg, ErrorDomain::domain,
                        fmt::format("invalid lifecycle action '{}'", args.action));
        const auto action = static_cast<model::LifecycleAction>(args.action);
        if (args.type != VIR_DOMAIN_LIFECYCLE_CRASH && action > model::LifecycleAction::preserve)
            throw Error(ErrorCode::config_unsupported, ErrorDomain::domain,
                        fmt::format("Lifecycle event '{}' doesn't support '{}' action", occasions[args.type],
                                    actions[args.action]));
        const auto guest = find(args.dom);
        const auto turn = co_await guest->turn("set lifecycle action");
        co_await change(guest, guests::impact_of(args.flags, *guest),
                        [type = args.type, action](model::DomainDef& def) {
                            (type == VIR_DOMAIN_LIFECYCLE_POWEROFF ? def.on_poweroff
                             : type == VIR_DOMAIN_LIFECYCLE_REBOOT ? def.on_reboot
                                                                   : def.on_crash) = action;
                        });
    }

    /// Also of one that is not stored: it lasts as long as that.
    Task<> set_autostart(Caller, wire::DomainSetAutostartArgs args) {
        const auto guest = find(args.dom);
        guest->set_autostart(args.autostart != 0);
        co_return;
    }

    void managed_save(const Caller&, const wire::DomainManagedSaveArgs& args) {
        check_flags(args.flags, VIR_DOMAIN_SAVE_BYPASS_CACHE | VIR_DOMAIN_SAVE_RUNNING | VIR_DOMAIN_SAVE_PAUSED,
                    "DomainManagedSave");
        const auto guest = find_active(args.dom);
        guests::require_persistent(*guest, "cannot do managed save for transient domain");
        guest->set_managed_save(true);
        guest->ended(Shutoff::saved);
    }
    wire::DomainHasManagedSaveImageRet has_managed_save(const Caller&,
                                                        const wire::DomainHasManagedSaveImageArgs& args) {
        check_flags(args.flags, 0, "DomainHasManagedSaveImage");
        return {find(args.dom)->has_managed_save()};
    }
    void managed_save_remove(const Caller&, const wire::DomainManagedSaveRemoveArgs& args) {
        check_flags(args.flags, 0, "DomainManagedSaveRemove");
        find(args.dom)->set_managed_save(false);
    }
};

}  // namespace

Installed install_life(guests::Guests& guests, rpc::HandlerTable& table) {
    return guests::install_group<Life>(guests, table);
}

}  // namespace innkeeper::test
