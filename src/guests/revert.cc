#include <fmt/format.h>

#include "base/error.h"
#include "guests/moment_lists.h"
#include "guests/start.h"
#include "model/domain/domain.h"
#include "protocol/remote/domain.h"

/// A guest goes back to what it was.
namespace innkeeper::guests {

namespace {

constexpr Flag running{VIR_DOMAIN_SNAPSHOT_REVERT_RUNNING, "VIR_DOMAIN_SNAPSHOT_REVERT_RUNNING"},
    paused{VIR_DOMAIN_SNAPSHOT_REVERT_PAUSED, "VIR_DOMAIN_SNAPSHOT_REVERT_PAUSED"};

class Revert : public Handlers {
  public:
    using Handlers::Handlers;

    void install(rpc::HandlerTable& table) { table.add<wire::DomainRevertToSnapshot>(*this, &Revert::revert); }

  private:
    Task<> revert(Caller, wire::DomainRevertToSnapshotArgs args) {
        const auto rules = hypervisor().moment_rules();
        check_flags(args.flags, rules.revert.flags, rules.revert.name);
        refuse_both(args.flags, running, paused, ErrorDomain::domain_snapshot);
        const auto guest = find(args.snap.dom);
        const auto turn = co_await guest->turn("revert");
        const auto tree = co_await guests_.snapshots().of(guest);
        const auto snapshot = find_snapshot(*tree, args.snap.name);
        const bool had_memory = snapshot->memory && snapshot->memory != model::Disk::Snapshot::no;
        const bool starts = had_memory || (args.flags & (running.bit | paused.bit)) != 0;
        check(*guest, *snapshot, starts);
        // What cannot be run today is found out while the guest is still as it was.
        const auto runs = co_await hypervisor().complete(*snapshot->domain, Purpose::restore);
        const auto stored = snapshot->inactive_domain
                                ? co_await hypervisor().complete(*snapshot->inactive_domain, Purpose::stored)
                                : runs;
        if (guest->is_active()) co_await end_for_snapshot(guests_, guest, Return::at_once);
        if (!had_memory) co_await hypervisor().restore_disks(guest, snapshot);
        if (guest->is_persistent()) co_await guests_.store_definition(guest, stored);
        if (starts) {
            Revival revival{.definition = runs, .snapshot = had_memory ? snapshot->name : "", .paused = false};
            revival.paused =
                (args.flags & paused.bit) != 0 || ((args.flags & running.bit) == 0 && snapshot->state == State::paused);
            co_await revive(guests_, guest, std::move(revival));
        }
        co_await guests_.snapshots().set_current(guest, snapshot->name);
        if (rules.revert_redefines && guest->is_persistent())
            guest->lifecycle(Lifecycle::defined, static_cast<std::int32_t>(DefinedDetail::from_snapshot));
    }

    using State = model::SnapshotDef::State;

    void check(const Guest& guest, const model::SnapshotDef& snapshot, bool starts) {
        if (!guest.is_persistent() && !starts)
            throw Error(ErrorCode::operation_invalid,
                        "transient domain needs to request run or pause to revert to inactive snapshot");
        if (!snapshot.domain)
            throw Error(ErrorCode::snapshot_revert_risky,
                        fmt::format("snapshot '{}' lacks domain '{}' rollback info", snapshot.name, guest.name()));
        hypervisor().check_revert(snapshot);
    }
};

}  // namespace

Installed install_revert(Guests& guests, rpc::HandlerTable& table) { return install_group<Revert>(guests, table); }

}  // namespace innkeeper::guests
