#include <fmt/format.h>

#include <ctime>
#include <exception>

#include "base/error.h"
#include "guests/moment_checks.h"
#include "guests/moment_lists.h"
#include "guests/start.h"
#include "loop/pool.h"
#include "model/domain/domain.h"
#include "model/snapshot/schema.h"
#include "protocol/remote/domain.h"
#include "protocol/remote/snapshot.h"

/// Snapshots come and go.
namespace innkeeper::guests {

namespace {

using model::SnapshotDef;
using State = SnapshotDef::State;
using Current = Snapshots::Current;
using Tree = Snapshots::Tree;

constexpr auto ours = ErrorDomain::domain_snapshot;
constexpr Flag redefine{VIR_DOMAIN_SNAPSHOT_CREATE_REDEFINE, "VIR_DOMAIN_SNAPSHOT_CREATE_REDEFINE"},
    make_current{VIR_DOMAIN_SNAPSHOT_CREATE_CURRENT, "VIR_DOMAIN_SNAPSHOT_CREATE_CURRENT"},
    no_metadata{VIR_DOMAIN_SNAPSHOT_CREATE_NO_METADATA, "VIR_DOMAIN_SNAPSHOT_CREATE_NO_METADATA"},
    halt{VIR_DOMAIN_SNAPSHOT_CREATE_HALT, "VIR_DOMAIN_SNAPSHOT_CREATE_HALT"},
    quiesce{VIR_DOMAIN_SNAPSHOT_CREATE_QUIESCE, "VIR_DOMAIN_SNAPSHOT_CREATE_QUIESCE"},
    disk_only{VIR_DOMAIN_SNAPSHOT_CREATE_DISK_ONLY, "VIR_DOMAIN_SNAPSHOT_CREATE_DISK_ONLY"},
    live{VIR_DOMAIN_SNAPSHOT_CREATE_LIVE, "VIR_DOMAIN_SNAPSHOT_CREATE_LIVE"},
    with_children{VIR_DOMAIN_SNAPSHOT_DELETE_CHILDREN, "VIR_DOMAIN_SNAPSHOT_DELETE_CHILDREN"},
    children_only{VIR_DOMAIN_SNAPSHOT_DELETE_CHILDREN_ONLY, "VIR_DOMAIN_SNAPSHOT_DELETE_CHILDREN_ONLY"};

SnapshotWish wish_of(std::uint32_t flags) {
    return {.disk_only = (flags & disk_only.bit) != 0,
            .reuse_files = (flags & VIR_DOMAIN_SNAPSHOT_CREATE_REUSE_EXT) != 0,
            .quiesce = (flags & quiesce.bit) != 0,
            .live = (flags & live.bit) != 0,
            .halt = (flags & halt.bit) != 0};
}

bool is_online(const SnapshotDef& snapshot) {
    return snapshot.state == State::running || snapshot.state == State::paused;
}

State state_of(const Guest& guest, const SnapshotWish& wish) {
    if (!guest.is_active()) return State::shutoff;
    if (wish.disk_only) return State::disk_snapshot;
    switch (guest.condition().state) {
        case guests::State::paused:
            return State::paused;
        case guests::State::shutdown:
            return State::shutdown;
        case guests::State::crashed:
            return State::crashed;
        case guests::State::pm_suspended:
            return State::pmsuspended;
        default:
            return State::running;
    }
}

/// What was there before under that name must have been the same kind of thing.
void check_replaced(const SnapshotDef& old, const SnapshotDef& now) {
    const auto refuse = [&](std::string_view what) {
        throw Error(ErrorCode::invalid_arg, ours,
                    fmt::format("cannot change between {} in snapshot {}", what, now.name));
    };
    if (is_online(old) != is_online(now)) refuse("online and offline snapshot state");
    if ((old.state == State::disk_snapshot) != (now.state == State::disk_snapshot)) refuse("disk only and full system");
    if (old.domain && now.domain) check_same_machine(*old.domain, *now.domain);
}

class SnapshotChanges : public Handlers {
  public:
    using Handlers::Handlers;
    using Self = SnapshotChanges;

    void install(rpc::HandlerTable& table) {
        table.add<wire::DomainSnapshotCreateXml>(*this, &Self::create);
        table.add<wire::DomainSnapshotDelete>(*this, &Self::remove);
    }

  private:
    Task<wire::DomainSnapshotCreateXmlRet> create(Caller, wire::DomainSnapshotCreateXmlArgs args) {
        const auto rules = hypervisor().moment_rules();
        check_flags(args.flags, rules.create.flags, rules.create.name);
        refuse_alone(args.flags, make_current, redefine, ours);
        refuse_both(args.flags, redefine, no_metadata, ours);
        refuse_both(args.flags, redefine, halt, ours);
        if ((rules.create.flags & disk_only.bit) != 0)
            refuse_alone(args.flags, quiesce, disk_only, hypervisor().error_domain());
        refuse_both(args.flags, live, redefine, hypervisor().error_domain());
        const auto guest = find(args.dom);
        if ((args.flags & VIR_DOMAIN_SNAPSHOT_CREATE_VALIDATE) != 0)
            co_await in_pool([text = args.xml_desc] { model::validate_snapshot(text); });
        const bool again = (args.flags & redefine.bit) != 0;
        auto snapshot =
            model::parse_snapshot(args.xml_desc, again ? model::SnapshotPart::whole : model::SnapshotPart::request);
        const auto turn = co_await guest->turn("snapshot");
        const auto made = again ? co_await define_again(guest, std::move(snapshot), args.flags)
                                : co_await take(guest, std::move(snapshot), args.flags);
        co_return wire::DomainSnapshotCreateXmlRet{wire_snapshot(*guest, *made)};
    }

    void check_name(const std::string& name) {
        if (guests_.snapshots().is_on_disk()) check_moment_name(name, "snapshot");
    }

    // -- one that is known otherwise: after a guest came from another host, or after somebody edited it ------------

    Task<SnapshotPtr> define_again(GuestPtr guest, SnapshotDef snapshot, std::uint32_t flags) {
        check_name(snapshot.name);
        if (snapshot.state == State::blocked) throw Error(ErrorCode::internal_error, "Invalid domain state blocked");
        if (snapshot.state == State::pmsuspended)
            throw Error(
                ErrorCode::operation_unsupported,
                fmt::format("{} doesn't support taking snapshots of PMSUSPENDED guests", hypervisor().prefix()));
        if ((flags & disk_only.bit) != 0 && snapshot.state != State::disk_snapshot)
            throw Error(ErrorCode::invalid_arg, ours,
                        fmt::format("disk-only flag for snapshot {} requires disk-snapshot state", snapshot.name));
        const auto tree = co_await guests_.snapshots().of(guest);
        const auto old = tree->find(snapshot.name);
        if (!snapshot.domain && old) snapshot.domain = old->domain;
        if (!snapshot.domain) throw Error(ErrorCode::internal_error, ours, "missing domain in snapshot");
        if (!hypervisor().moment_rules().keeps_cookies) snapshot.cookie.reset();
        co_await complete(snapshot.domain);
        co_await complete(snapshot.inactive_domain);
        check_same_guest(*snapshot.domain, *guest, snapshot.name, "snapshot", ours);
        check_parent(*tree, snapshot);
        if (old) check_replaced(*old, snapshot);
        model::settle_memory(snapshot);
        snapshot.active.clear();
        auto matched = co_await in_pool([snapshot = std::move(snapshot)]() mutable {
            model::match_disks(snapshot, model::rule_of(snapshot));
            return std::move(snapshot);
        });
        auto made = std::make_shared<const SnapshotDef>(std::move(matched));
        co_await guests_.snapshots().put(guest, made,
                                         (flags & make_current.bit) != 0 ? Current::yes : Current::as_before);
        guests_.registry().touch();
        co_return made;
    }

    Task<> complete(DefPtr& def) {
        if (def) def = co_await hypervisor().complete(*def, Purpose::stored);
    }

    // -- a new one ------------------------------------------------------------------------------------------------

    Task<SnapshotPtr> take(GuestPtr guest, SnapshotDef snapshot, std::uint32_t flags) {
        const auto wish = wish_of(flags);
        snapshot.creation_time = std::time(nullptr);
        if (snapshot.name.empty()) snapshot.name = std::to_string(*snapshot.creation_time);
        snapshot.state = state_of(*guest, wish);
        snapshot.active.clear();
        check_name(snapshot.name);
        const auto tree = co_await guests_.snapshots().of(guest);
        if (tree->find(snapshot.name)) already_exists(snapshot.name);
        if (const auto current = tree->current()) snapshot.parent = current->name;
        const auto stored = co_await guest->persistent();
        snapshot.domain = guest->is_active() ? asleep(*guest->live()) : stored;
        if (guest->is_active()) snapshot.inactive_domain = stored;
        const auto planned =
            std::make_shared<const SnapshotDef>(co_await hypervisor().plan_snapshot(guest, std::move(snapshot), wish));
        const bool was_active = guest->is_active();
        const auto changed = co_await hypervisor().take_snapshot(guest, planned, wish);
        if (changed && guest->is_persistent()) co_await guests_.store_definition(guest, changed);
        if ((flags & no_metadata.bit) == 0) {
            co_await guests_.snapshots().put(guest, planned, Current::yes);
            guests_.registry().touch();
        }
        if (wish.halt && was_active && guest->is_active()) co_await end_for_snapshot(guests_, guest);
        co_return planned;
    }

    // -- the end of one -------------------------------------------------------------------------------------------

    Task<> remove(Caller, wire::DomainSnapshotDeleteArgs args) {
        const auto rules = hypervisor().moment_rules();
        check_flags(args.flags, rules.remove.flags, rules.remove.name);
        refuse_both(args.flags, with_children, children_only, ours);
        const auto guest = find(args.snap.dom);
        const auto turn = co_await guest->turn("delete snapshot");
        const auto tree = co_await guests_.snapshots().of(guest);
        const auto snapshot = find_snapshot(*tree, args.snap.name);
        const bool with_others = (args.flags & (with_children.bit | children_only.bit)) != 0;
        const bool with_top = (args.flags & children_only.bit) == 0;
        const bool from_images = (args.flags & VIR_DOMAIN_SNAPSHOT_DELETE_METADATA_ONLY) == 0;
        std::vector<SnapshotPtr> doomed;
        if (with_others) doomed = tree->below(snapshot->name, Moments<SnapshotDef>::Depth::all);
        if (with_top) doomed.insert(doomed.begin(), snapshot);
        if (from_images) hypervisor().check_removal(*guest, doomed, with_top);
        // The newest first: what is left after a failure is whole.
        for (auto at = doomed.rbegin(); at != doomed.rend(); ++at) {
            if (from_images) co_await take_out(guest, tree, *at);
            co_await guests_.snapshots().erase(guest, (*at)->name);
        }
        guests_.registry().touch();
    }

    Task<> take_out(GuestPtr guest, Tree tree, SnapshotPtr snapshot) {
        std::vector<SnapshotPtr> others;
        for (const auto& [name, other] : tree->all())
            if (other != snapshot) others.push_back(other);
        const auto removal = co_await hypervisor().remove_snapshot(guest, snapshot, std::move(others));
        if (removal.persistent && guest->is_persistent()) co_await guests_.store_definition(guest, removal.persistent);
        for (const auto& changed : removal.changed)
            co_await guests_.snapshots().put(guest, changed, Current::as_before);
    }
};

}  // namespace

Installed install_snapshot_changes(Guests& guests, rpc::HandlerTable& table) {
    return install_group<SnapshotChanges>(guests, table);
}

}  // namespace innkeeper::guests
