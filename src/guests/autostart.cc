#include "guests/handlers.h"
#include "protocol/remote/domain.h"

namespace innkeeper::guests {

namespace {

class Autostart : public Handlers {
  public:
    using Handlers::Handlers;

    void install(rpc::HandlerTable& table) {
        table.add<wire::DomainGetAutostart>(*this, &Autostart::get);
        table.add<wire::DomainSetAutostart>(*this, &Autostart::set);
    }

  private:
    wire::DomainGetAutostartRet get(const Caller&, const wire::DomainGetAutostartArgs& args) {
        return {find(args.dom)->autostarts()};
    }

    Task<> set(Caller, wire::DomainSetAutostartArgs args) {
        const auto guest = find(args.dom);
        const auto turn = co_await guest->turn("set autostart");
        require_persistent(*guest, "cannot set autostart for transient domain");
        const bool wanted = args.autostart != 0;
        if (guest->autostarts() == wanted) co_return;
        co_await guests_.store().set_autostart(guest->name(), wanted);
        guest->set_autostart(wanted);
    }
};

}  // namespace

Installed install_autostart(Guests& guests, rpc::HandlerTable& table) {
    return install_group<Autostart>(guests, table);
}

}  // namespace innkeeper::guests
