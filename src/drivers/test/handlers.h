#pragma once

#include "drivers/test/driver.h"
#include "guests/handlers.h"

/// What the simulated hypervisor answers otherwise than a real one: one class of handlers for each noun.
namespace innkeeper::test {

namespace wire = protocol::remote;
using namespace protocol;  // the public constants, VIR_…
using guests::DefPtr;
using guests::GuestPtr;
using rpc::Caller;

constexpr std::uint32_t affects = VIR_DOMAIN_AFFECT_LIVE | VIR_DOMAIN_AFFECT_CONFIG;

class Handlers : public guests::Handlers {
  public:
    using guests::Handlers::Handlers;

  protected:
    Driver& driver() { return static_cast<Driver&>(hypervisor()); }
    /// The guest, which must run.
    GuestPtr find_active(const wire::Domain& dom) {
        auto guest = find(dom);
        guests::require_active(*guest);
        return guest;
    }
};

using guests::Installed;
Installed install_addresses(guests::Guests&, rpc::HandlerTable&);
Installed install_definitions(guests::Guests&, rpc::HandlerTable&);
Installed install_host(guests::Guests&, rpc::HandlerTable&);
Installed install_figures(guests::Guests&, rpc::HandlerTable&);
Installed install_inside(guests::Guests&, rpc::HandlerTable&);
Installed install_life(guests::Guests&, rpc::HandlerTable&);
Installed install_saved(guests::Guests&, rpc::HandlerTable&);
Installed install_limits(guests::Guests&, rpc::HandlerTable&);
Installed install_io_tune(guests::Guests&, rpc::HandlerTable&);
Installed install_processors(guests::Guests&, rpc::HandlerTable&);

}  // namespace innkeeper::test
