#include <fmt/format.h>

#include "base/error.h"
#include "guests/handlers.h"
#include "model/domain/domain.h"
#include "protocol/remote/checkpoint.h"
#include "protocol/remote/domain.h"
#include "protocol/remote/snapshot.h"
#include "xml/node.h"

/// Snapshots, checkpoints and backups. There are none yet, and none can be made: what is answered is true of a guest
/// without any.
namespace innkeeper::guests {

namespace {

[[noreturn]] void no_snapshot(const std::string& name) {
    throw Error(ErrorCode::no_domain_snapshot, fmt::format("no domain snapshot with matching name '{}'", name));
}

class Snapshots : public Handlers {
  public:
    using Handlers::Handlers;

    void install(rpc::HandlerTable& table) {
        table.add<wire::DomainSnapshotNum>(*this, &Snapshots::num);
        table.add<wire::DomainSnapshotListNames>(*this, &Snapshots::names);
        table.add<wire::DomainListAllSnapshots>(*this, &Snapshots::all);
        table.add<wire::DomainHasCurrentSnapshot>(*this, &Snapshots::has_current);
        table.add<wire::DomainSnapshotCurrent>(*this, &Snapshots::current);
        table.add<wire::DomainSnapshotLookupByName>(*this, &Snapshots::lookup);
        table.add<wire::DomainSnapshotCreateXml>(*this, &Snapshots::create);
        table.add<wire::DomainListAllCheckpoints>(*this, &Snapshots::all_checkpoints);
        table.add<wire::DomainCheckpointLookupByName>(*this, &Snapshots::lookup_checkpoint);
        table.add<wire::DomainBackupGetXmlDesc>(*this, &Snapshots::backup_xml);
    }

  private:
    wire::DomainSnapshotNumRet num(const Caller&, const wire::DomainSnapshotNumArgs& args) {
        check_flags(args.flags, 0x7ff, "DomainSnapshotNum");
        find(args.dom);
        return {0};
    }
    wire::DomainSnapshotListNamesRet names(const Caller&, const wire::DomainSnapshotListNamesArgs& args) {
        check_flags(args.flags, 0x7ff, "DomainSnapshotListNames");
        find(args.dom);
        return {};
    }
    wire::DomainListAllSnapshotsRet all(const Caller&, const wire::DomainListAllSnapshotsArgs& args) {
        check_flags(args.flags, 0x7ff, "DomainListAllSnapshots");
        find(args.dom);
        return {};
    }
    wire::DomainHasCurrentSnapshotRet has_current(const Caller&, const wire::DomainHasCurrentSnapshotArgs& args) {
        check_flags(args.flags, 0, "DomainHasCurrentSnapshot");
        find(args.dom);
        return {0};
    }
    wire::DomainSnapshotCurrentRet current(const Caller&, const wire::DomainSnapshotCurrentArgs& args) {
        check_flags(args.flags, 0, "DomainSnapshotCurrent");
        find(args.dom);
        throw Error(ErrorCode::no_domain_snapshot, "the domain does not have a current snapshot");
    }
    wire::DomainSnapshotLookupByNameRet lookup(const Caller&, const wire::DomainSnapshotLookupByNameArgs& args) {
        check_flags(args.flags, 0, "DomainSnapshotLookupByName");
        find(args.dom);
        no_snapshot(args.name);
    }

    Task<wire::DomainSnapshotCreateXmlRet> create(Caller, wire::DomainSnapshotCreateXmlArgs args) {
        const auto guest = find(args.dom);
        const auto document = xml::Document::parse(args.xml_desc, "(domain_snapshot)");
        const auto def = co_await guest->current();
        if (def && !guest->is_active()) check_disks(document.root(), *def);
        throw Error(ErrorCode::no_support, ErrorDomain::domain, "virDomainSnapshotCreateXML");
    }

    /// A guest that is off keeps its snapshots inside of its images, all of them.
    static void check_disks(const xml::Node& snapshot, const model::DomainDef& def) {
        if (def.devices.disks.empty()) throw Error(ErrorCode::config_unsupported, "nothing selected for snapshot");
        for (auto disk = snapshot.child("disks").child("disk"); disk; disk = disk.next("disk"))
            if (const auto mode = disk.attribute("snapshot"); mode && *mode != "internal")
                throw Error(ErrorCode::config_unsupported, fmt::format("disk '{}' must use snapshot mode 'internal'",
                                                                       disk.attribute("name").value_or("")));
    }

    wire::DomainListAllCheckpointsRet all_checkpoints(const Caller&, const wire::DomainListAllCheckpointsArgs& args) {
        check_flags(args.flags, 0xff, "DomainListAllCheckpoints");
        find(args.dom);
        return {};
    }
    wire::DomainCheckpointLookupByNameRet lookup_checkpoint(const Caller&,
                                                            const wire::DomainCheckpointLookupByNameArgs& args) {
        check_flags(args.flags, 0, "DomainCheckpointLookupByName");
        find(args.dom);
        throw Error(ErrorCode::no_domain_checkpoint,
                    fmt::format("no domain checkpoint with matching name '{}'", args.name));
    }
    wire::DomainBackupGetXmlDescRet backup_xml(const Caller&, const wire::DomainBackupGetXmlDescArgs& args) {
        check_flags(args.flags, 0, "DomainBackupGetXMLDesc");
        find(args.dom);
        throw Error(ErrorCode::no_domain_backup, "no domain backup job present");
    }
};

}  // namespace

Installed install_snapshots(Guests& guests, rpc::HandlerTable& table) {
    return install_group<Snapshots>(guests, table);
}

}  // namespace innkeeper::guests
