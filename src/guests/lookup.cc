#include "guests/handlers.h"
#include "protocol/remote/domain.h"

namespace innkeeper::guests {

namespace {

class Lookup : public Handlers {
  public:
    using Handlers::Handlers;

    void install(rpc::HandlerTable& table) {
        table.add<wire::DomainLookupById>(*this, &Lookup::by_id);
        table.add<wire::DomainLookupByName>(*this, &Lookup::by_name);
        table.add<wire::DomainLookupByUuid>(*this, &Lookup::by_uuid);
        table.add<wire::DomainIsActive>(*this, &Lookup::is_active);
        table.add<wire::DomainIsPersistent>(*this, &Lookup::is_persistent);
        table.add<wire::DomainIsUpdated>(*this, &Lookup::is_updated);
    }

  private:
    wire::DomainLookupByIdRet by_id(const Caller&, const wire::DomainLookupByIdArgs& args) {
        return {wire_domain(*guests_.find(args.id))};
    }
    wire::DomainLookupByNameRet by_name(const Caller&, const wire::DomainLookupByNameArgs& args) {
        return {wire_domain(*guests_.find(args.name))};
    }
    wire::DomainLookupByUuidRet by_uuid(const Caller&, const wire::DomainLookupByUuidArgs& args) {
        return {wire_domain(*guests_.find(args.uuid))};
    }
    wire::DomainIsActiveRet is_active(const Caller&, const wire::DomainIsActiveArgs& args) {
        return {find(args.dom)->is_active()};
    }
    wire::DomainIsPersistentRet is_persistent(const Caller&, const wire::DomainIsPersistentArgs& args) {
        return {find(args.dom)->is_persistent()};
    }
    wire::DomainIsUpdatedRet is_updated(const Caller&, const wire::DomainIsUpdatedArgs& args) {
        return {find(args.dom)->is_updated()};
    }
};

}  // namespace

Installed install_lookup(Guests& guests, rpc::HandlerTable& table) { return install_group<Lookup>(guests, table); }

}  // namespace innkeeper::guests
