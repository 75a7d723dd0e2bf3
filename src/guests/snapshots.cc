#include <fmt/format.h>

#include "base/error.h"
#include "guests/moment_lists.h"
#include "protocol/remote/domain.h"
#include "protocol/remote/snapshot.h"

/// Which snapshots there are.
namespace innkeeper::guests {

namespace {

using Tree = Snapshots::Tree;

constexpr std::uint32_t list_flags = 0x7ff;

std::vector<std::string> names_of(const std::vector<SnapshotPtr>& snapshots, std::int32_t most) {
    std::vector<std::string> names;
    for (const auto& snapshot : snapshots) {
        if (std::cmp_greater_equal(names.size(), most)) break;
        names.push_back(snapshot->name);
    }
    return names;
}

class SnapshotQuestions : public Handlers {
  public:
    using Handlers::Handlers;
    using Self = SnapshotQuestions;

    void install(rpc::HandlerTable& table) {
        table.add<wire::DomainSnapshotNum>(*this, &Self::num);
        table.add<wire::DomainSnapshotListNames>(*this, &Self::names);
        table.add<wire::DomainListAllSnapshots>(*this, &Self::all);
        table.add<wire::DomainSnapshotNumChildren>(*this, &Self::num_children);
        table.add<wire::DomainSnapshotListChildrenNames>(*this, &Self::children_names);
        table.add<wire::DomainSnapshotListAllChildren>(*this, &Self::all_children);
        table.add<wire::DomainHasCurrentSnapshot>(*this, &Self::has_current);
        table.add<wire::DomainSnapshotCurrent>(*this, &Self::current);
        table.add<wire::DomainSnapshotLookupByName>(*this, &Self::lookup);
        table.add<wire::DomainSnapshotGetParent>(*this, &Self::parent);
        table.add<wire::DomainSnapshotIsCurrent>(*this, &Self::is_current);
        table.add<wire::DomainSnapshotHasMetadata>(*this, &Self::has_metadata);
        table.add<wire::DomainSnapshotGetXmlDesc>(*this, &Self::describe);
    }

  private:
    struct Found {
        GuestPtr guest;
        Tree tree;
        SnapshotPtr snapshot;
    };
    Task<Found> of(wire::Domain dom) {
        Found found;
        found.guest = find(dom);
        found.tree = co_await guests_.snapshots().of(found.guest);
        co_return found;
    }
    Task<Found> of(wire::DomainSnapshot snap) {
        auto found = co_await of(snap.dom);
        found.snapshot = find_snapshot(*found.tree, snap.name);
        co_return found;
    }

    Task<wire::DomainSnapshotNumRet> num(Caller, wire::DomainSnapshotNumArgs args) {
        check_flags(args.flags, list_flags, "DomainSnapshotNum");
        const auto found = co_await of(args.dom);
        co_return wire::DomainSnapshotNumRet{static_cast<std::int32_t>(listed(*found.tree, "", args.flags).size())};
    }
    Task<wire::DomainSnapshotListNamesRet> names(Caller, wire::DomainSnapshotListNamesArgs args) {
        check_flags(args.flags, list_flags, "DomainSnapshotListNames");
        const auto found = co_await of(args.dom);
        co_return wire::DomainSnapshotListNamesRet{names_of(listed(*found.tree, "", args.flags), args.maxnames)};
    }
    Task<wire::DomainListAllSnapshotsRet> all(Caller, wire::DomainListAllSnapshotsArgs args) {
        check_flags(args.flags, list_flags, "DomainListAllSnapshots");
        const auto found = co_await of(args.dom);
        wire::DomainListAllSnapshotsRet ret;
        for (const auto& snapshot : listed(*found.tree, "", args.flags)) {
            ++ret.ret;
            if (args.need_results != 0) ret.snapshots.push_back(wire_snapshot(*found.guest, *snapshot));
        }
        co_return ret;
    }

    Task<wire::DomainSnapshotNumChildrenRet> num_children(Caller, wire::DomainSnapshotNumChildrenArgs args) {
        check_flags(args.flags, list_flags, "DomainSnapshotNumChildren");
        const auto found = co_await of(args.snap);
        const auto below = listed(*found.tree, found.snapshot->name, args.flags);
        co_return wire::DomainSnapshotNumChildrenRet{static_cast<std::int32_t>(below.size())};
    }
    Task<wire::DomainSnapshotListChildrenNamesRet> children_names(Caller,
                                                                  wire::DomainSnapshotListChildrenNamesArgs args) {
        check_flags(args.flags, list_flags, "DomainSnapshotListChildrenNames");
        const auto found = co_await of(args.snap);
        const auto below = listed(*found.tree, found.snapshot->name, args.flags);
        co_return wire::DomainSnapshotListChildrenNamesRet{names_of(below, args.maxnames)};
    }
    Task<wire::DomainSnapshotListAllChildrenRet> all_children(Caller, wire::DomainSnapshotListAllChildrenArgs args) {
        check_flags(args.flags, list_flags, "DomainSnapshotListAllChildren");
        const auto found = co_await of(args.snapshot);
        wire::DomainSnapshotListAllChildrenRet ret;
        for (const auto& snapshot : listed(*found.tree, found.snapshot->name, args.flags)) {
            ++ret.ret;
            if (args.need_results != 0) ret.snapshots.push_back(wire_snapshot(*found.guest, *snapshot));
        }
        co_return ret;
    }

    Task<wire::DomainHasCurrentSnapshotRet> has_current(Caller, wire::DomainHasCurrentSnapshotArgs args) {
        check_flags(args.flags, 0, "DomainHasCurrentSnapshot");
        const auto found = co_await of(args.dom);
        co_return wire::DomainHasCurrentSnapshotRet{found.tree->current() != nullptr};
    }
    Task<wire::DomainSnapshotCurrentRet> current(Caller, wire::DomainSnapshotCurrentArgs args) {
        check_flags(args.flags, 0, "DomainSnapshotCurrent");
        const auto found = co_await of(args.dom);
        const auto current = found.tree->current();
        if (!current) throw Error(ErrorCode::no_domain_snapshot, "the domain does not have a current snapshot");
        co_return wire::DomainSnapshotCurrentRet{wire_snapshot(*found.guest, *current)};
    }
    Task<wire::DomainSnapshotLookupByNameRet> lookup(Caller, wire::DomainSnapshotLookupByNameArgs args) {
        check_flags(args.flags, 0, "DomainSnapshotLookupByName");
        const auto found = co_await of(args.dom);
        co_return wire::DomainSnapshotLookupByNameRet{
            wire_snapshot(*found.guest, *find_snapshot(*found.tree, args.name))};
    }
    Task<wire::DomainSnapshotGetParentRet> parent(Caller, wire::DomainSnapshotGetParentArgs args) {
        check_flags(args.flags, 0, "DomainSnapshotGetParent");
        const auto found = co_await of(args.snap);
        if (found.snapshot->parent.empty())
            throw Error(ErrorCode::no_domain_snapshot,
                        fmt::format("snapshot '{}' does not have a parent", found.snapshot->name));
        co_return wire::DomainSnapshotGetParentRet{
            wire_snapshot(*found.guest, *find_snapshot(*found.tree, found.snapshot->parent))};
    }
    Task<wire::DomainSnapshotIsCurrentRet> is_current(Caller, wire::DomainSnapshotIsCurrentArgs args) {
        check_flags(args.flags, 0, "DomainSnapshotIsCurrent");
        const auto found = co_await of(args.snap);
        co_return wire::DomainSnapshotIsCurrentRet{found.tree->current() == found.snapshot};
    }
    Task<wire::DomainSnapshotHasMetadataRet> has_metadata(Caller, wire::DomainSnapshotHasMetadataArgs args) {
        check_flags(args.flags, 0, "DomainSnapshotHasMetadata");
        co_await of(args.snap);
        co_return wire::DomainSnapshotHasMetadataRet{1};
    }
    Task<wire::DomainSnapshotGetXmlDescRet> describe(Caller, wire::DomainSnapshotGetXmlDescArgs args) {
        check_flags(args.flags, VIR_DOMAIN_SNAPSHOT_XML_SECURE, "DomainSnapshotGetXMLDesc");
        const auto found = co_await of(args.snap);
        const bool secure = (args.flags & VIR_DOMAIN_SNAPSHOT_XML_SECURE) != 0;
        co_return wire::DomainSnapshotGetXmlDescRet{
            model::format_snapshot(*found.snapshot, secure ? model::Secrets::shown : model::Secrets::hidden)};
    }
};

}  // namespace

Installed install_snapshots(Guests& guests, rpc::HandlerTable& table) {
    return install_group<SnapshotQuestions>(guests, table);
}

}  // namespace innkeeper::guests
