#include "guests/definitions.h"

#include "base/error.h"
#include "drivers/test/handlers.h"
#include "model/domain/domain.h"
#include "protocol/remote/domain.h"

/// Definitions of simulated guests, where the peer is less strict than with others.
namespace innkeeper::test {

namespace {

class Definitions : public Handlers {
  public:
    using Handlers::Handlers;

    void install(rpc::HandlerTable& table) {
        table.add<wire::DomainGetXmlDesc>(*this, &Definitions::get_xml_desc);
        table.add<wire::DomainUndefine>(*this, &Definitions::undefine);
        table.add<wire::DomainUndefineFlags>(*this, &Definitions::undefine_flags);
    }

  private:
    /// Nobody is ever moved to another host: what that wants changes nothing.
    Task<wire::DomainGetXmlDescRet> get_xml_desc(Caller, wire::DomainGetXmlDescArgs args) {
        check_flags(args.flags, VIR_DOMAIN_XML_SECURE | VIR_DOMAIN_XML_INACTIVE | VIR_DOMAIN_XML_MIGRATABLE,
                    "DomainGetXMLDesc");
        const auto guest = find(args.dom);
        const bool inactive = (args.flags & VIR_DOMAIN_XML_INACTIVE) != 0;
        const auto def = inactive && guest->is_persistent() ? co_await guest->persistent() : co_await guest->current();
        co_return wire::DomainGetXmlDescRet{
            model::format_domain(*def, {.inactive = inactive, .secure = (args.flags & VIR_DOMAIN_XML_SECURE) != 0})};
    }

    Task<> undefine(Caller, wire::DomainUndefineArgs args) { co_await remove(find(args.dom), 0); }
    Task<> undefine_flags(Caller, wire::DomainUndefineFlagsArgs args) {
        constexpr std::uint32_t known = VIR_DOMAIN_UNDEFINE_MANAGED_SAVE | VIR_DOMAIN_UNDEFINE_SNAPSHOTS_METADATA;
        check_flags(args.flags, known, "DomainUndefineFlags");
        co_await remove(find(args.dom), args.flags);
    }
    /// One that is not stored is gone already.
    Task<> remove(GuestPtr guest, std::uint32_t flags) {
        if (guest->is_persistent())
            co_await guests::undefine(guests_, guest, flags);
        else
            guest->lifecycle(guests::Lifecycle::undefined, static_cast<std::int32_t>(guests::UndefinedDetail::removed));
    }
};

}  // namespace

Installed install_definitions(guests::Guests& guests, rpc::HandlerTable& table) {
    return guests::install_group<Definitions>(guests, table);
}

}  // namespace innkeeper::test
