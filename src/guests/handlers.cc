#include "guests/handlers.h"

#include <fmt/format.h>

#include "base/error.h"
#include "model/domain/domain.h"

namespace innkeeper::guests {

void Handlers::check_flags(std::uint32_t flags, std::uint32_t allowed, std::string_view function) {
    const std::uint32_t unknown = flags & ~allowed;
    if (unknown == 0) return;
    const std::string name = hypervisor().prefix() + std::string(function);
    throw Error::invalid_argument(hypervisor().error_domain(), name, "flags",
                                  fmt::format("unsupported flags (0x{:x}) in function {}", unknown, name));
}

Task<> Handlers::change(GuestPtr guest, Impact impact, std::function<void(model::DomainDef&)> apply) {
    std::shared_ptr<model::DomainDef> config;
    if (impact.config) {
        const auto stored = co_await guest->persistent();
        config = std::make_shared<model::DomainDef>(*stored);
        apply(*config);
    }
    if (impact.live) {
        require_active(*guest);
        // Tried before anything is stored.
        auto trial = *guest->live();
        apply(trial);
    }
    if (config) co_await guests_.store_definition(guest, std::move(config));
    if (impact.live && guest->is_active()) {
        auto live = std::make_shared<model::DomainDef>(*guest->live());
        apply(*live);
        guest->set_live(std::move(live));
    }
}

void require_active(const Guest& guest) {
    if (!guest.is_active()) throw Error(ErrorCode::operation_invalid, ErrorDomain::domain, "domain is not running");
}

void require_persistent(const Guest& guest, std::string_view otherwise) {
    if (!guest.is_persistent()) throw Error(ErrorCode::operation_invalid, std::string(otherwise));
}

Impact impact_of(std::uint32_t flags, const Guest& guest) {
    Impact impact{.live = (flags & VIR_DOMAIN_AFFECT_LIVE) != 0, .config = (flags & VIR_DOMAIN_AFFECT_CONFIG) != 0};
    if (!impact.live && !impact.config) (guest.is_active() ? impact.live : impact.config) = true;
    if (impact.live) require_active(guest);
    if (impact.config && !guest.is_persistent())
        throw Error(ErrorCode::operation_invalid, ErrorDomain::domain,
                    "transient domains do not have any persistent config");
    return impact;
}

Task<DefPtr> definition_for(GuestPtr guest, std::uint32_t flags, std::string_view api) {
    constexpr std::uint32_t both = VIR_DOMAIN_AFFECT_LIVE | VIR_DOMAIN_AFFECT_CONFIG;
    if ((flags & both) == both)
        throw refused_argument(api, "ctl",
                               "Flags 'VIR_DOMAIN_AFFECT_LIVE' and 'VIR_DOMAIN_AFFECT_CONFIG' are mutually exclusive");
    if (impact_of(flags, *guest).live) co_return guest->live();
    co_return co_await guest->persistent();
}

wire::Domain wire_domain(const Guest& guest) { return {guest.name(), guest.uuid(), guest.id()}; }

Error refused_argument(std::string_view api, std::string_view argument, std::string message) {
    return Error::invalid_argument(ErrorDomain::domain, api, argument, std::move(message));
}

void Guests::install(rpc::HandlerTable& table) {
    for (const auto install :
         {install_directory,        install_lists,     install_lookup,      install_definitions, install_device_changes,
          install_lifecycle,        install_controls,  install_metadata,    install_state,       install_vcpus,
          install_vcpu_changes,     install_pins,      install_iothreads,   install_memory,      install_tuning,
          install_io_limits,        install_autostart, install_rename,      install_saved,       install_snapshots,
          install_snapshot_changes, install_revert,    install_checkpoints, install_backups,     install_console,
          install_events,           install_monitor,   install_stats,       install_host,        install_node,
          install_cpu_models})
        handlers_.push_back(install(*this, table));
}

}  // namespace innkeeper::guests
