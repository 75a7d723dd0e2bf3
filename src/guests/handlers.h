#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "guests/guests.h"
#include "protocol/constants.h"
#include "protocol/remote/types.h"
#include "rpc/codec/caller.h"
#include "rpc/codec/handlers.h"

/// What the handlers of domain procedures share. There is one class of handlers for each noun, in a file of its own,
/// whose `install` adds it to a driver's table.
namespace innkeeper::guests {

namespace wire = protocol::remote;
using namespace protocol;  // the public constants, VIR_…
using rpc::Caller;

/// Which of a guest's definitions a call concerns.
struct Impact {
    bool live = false;
    bool config = false;
};

class Handlers {
  public:
    explicit Handlers(Guests& guests) : guests_(guests) {}

  protected:
    GuestPtr find(const wire::Domain& dom) { return guests_.find(dom.uuid, dom.name); }
    Hypervisor& hypervisor() { return guests_.hypervisor(); }

    /// Refuses flags beyond `allowed`; `function` is the peer's, without the hypervisor's prefix: "DomainReboot".
    void check_flags(std::uint32_t flags, std::uint32_t allowed, std::string_view function);

    /// One change of the definitions that it concerns, with the turn held; on disk first. The change may throw, and
    /// then nothing has changed; it is made to each of them by itself.
    Task<> change(GuestPtr guest, Impact impact, std::function<void(model::DomainDef&)> apply);

    Guests& guests_;
};

/// Throws in the peer's words.
void require_active(const Guest& guest);
void require_persistent(const Guest& guest, std::string_view otherwise);
/// VIR_DOMAIN_AFFECT_LIVE and _CONFIG, or neither: what the guest is. Throws if there is no such definition.
Impact impact_of(std::uint32_t flags, const Guest& guest);
/// The same for a question, which can concern only one of them; `api` is the public function that asks.
Task<DefPtr> definition_for(GuestPtr guest, std::uint32_t flags, std::string_view api);

wire::Domain wire_domain(const Guest& guest);

/// An argument that the public function `api` refuses before any driver is asked.
Error refused_argument(std::string_view api, std::string_view argument, std::string message);

/// Makes a set of handlers, adds it to the table, and gives it to be kept as long as the table is.
using Installed = std::shared_ptr<void>;
template <class Group>
Installed install_group(Guests& guests, rpc::HandlerTable& table) {
    auto group = std::make_shared<Group>(guests);
    group->install(table);
    return group;
}
Installed install_directory(Guests&, rpc::HandlerTable&);
Installed install_lists(Guests&, rpc::HandlerTable&);
Installed install_lookup(Guests&, rpc::HandlerTable&);
Installed install_definitions(Guests&, rpc::HandlerTable&);
Installed install_device_changes(Guests&, rpc::HandlerTable&);
Installed install_lifecycle(Guests&, rpc::HandlerTable&);
Installed install_controls(Guests&, rpc::HandlerTable&);
Installed install_metadata(Guests&, rpc::HandlerTable&);
Installed install_state(Guests&, rpc::HandlerTable&);
Installed install_vcpus(Guests&, rpc::HandlerTable&);
Installed install_vcpu_changes(Guests&, rpc::HandlerTable&);
Installed install_pins(Guests&, rpc::HandlerTable&);
Installed install_iothreads(Guests&, rpc::HandlerTable&);
Installed install_memory(Guests&, rpc::HandlerTable&);
Installed install_tuning(Guests&, rpc::HandlerTable&);
Installed install_io_limits(Guests&, rpc::HandlerTable&);
Installed install_autostart(Guests&, rpc::HandlerTable&);
Installed install_rename(Guests&, rpc::HandlerTable&);
Installed install_saved(Guests&, rpc::HandlerTable&);
Installed install_snapshots(Guests&, rpc::HandlerTable&);
Installed install_snapshot_changes(Guests&, rpc::HandlerTable&);
Installed install_revert(Guests&, rpc::HandlerTable&);
Installed install_checkpoints(Guests&, rpc::HandlerTable&);
Installed install_backups(Guests&, rpc::HandlerTable&);
Installed install_console(Guests&, rpc::HandlerTable&);
Installed install_events(Guests&, rpc::HandlerTable&);
Installed install_monitor(Guests&, rpc::HandlerTable&);
Installed install_stats(Guests&, rpc::HandlerTable&);
Installed install_host(Guests&, rpc::HandlerTable&);
Installed install_node(Guests&, rpc::HandlerTable&);
Installed install_cpu_models(Guests&, rpc::HandlerTable&);

}  // namespace innkeeper::guests
