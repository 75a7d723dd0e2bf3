#include "model/snapshot/backup.h"

#include <fmt/format.h>

#include "base/error.h"
#include "base/in_domain.h"
#include "xml/node.h"
#include "xml/parts.h"

namespace innkeeper::model {

namespace {

bool names_disks(const BackupDef& backup) { return backup.has_disks || !backup.disks.empty(); }
bool takes_part(const BackupDisk& disk) { return disk.takes_part(); }

const auto server_element = xml::describe<BackupServer>(
    "server", xml::attribute("transport", &BackupServer::transport),
    xml::attribute("tls", &BackupServer::tls, xml::yes_no), xml::attribute("name", &BackupServer::name),
    xml::attribute("port", &BackupServer::port), xml::attribute("socket", &BackupServer::socket));

const auto place_element = xml::describe<StorageSource>("", xml::attribute("index", &StorageSource::index));

/// The kind of a backup is said once and decides what its disks' images are called, so that this one has both names.
void read_store(const xml::Node& node, BackupDisk& disk, const xml::ParseFlags& flags) {
    for (const std::string_view tag : {"target", "scratch"})
        if (const auto child = node.child(tag)) {
            xml::read_into(storage_source_element, child, &disk.store, flags);
            disk.has_store = true;
        }
}
void write_store(std::string_view tag, const BackupDisk& disk, xml::Writer& writer) {
    StorageSource store = disk.store;
    store.index.reset();
    xml::write_from(storage_source_element, tag, &store, writer);
}

xml::Element<BackupDisk> disk_of(std::string_view tag, void (*write)(const BackupDisk&, xml::Writer&)) {
    return xml::describe<BackupDisk>(
               "disk",
               xml::attribute("name", &BackupDisk::name)
                   .keep_empty()
                   .required(ErrorCode::xml_error, "missing name from disk backup element"),
               xml::attribute("backup", &BackupDisk::backup, xml::yes_no),
               xml::embed(&BackupDisk::store, storage_type_element).written_when(takes_part),
               xml::attribute("backupmode", &BackupDisk::mode), xml::attribute("incremental", &BackupDisk::incremental),
               xml::attribute("exportname", &BackupDisk::export_name),
               xml::attribute("exportbitmap", &BackupDisk::export_bitmap),
               xml::embed(&BackupDisk::store, place_element),
               xml::child("driver", xml::embed(&BackupDisk::store, storage_format_element)),
               xml::by_hand(read_store, write).holds(xml::child(tag, &BackupDisk::store, storage_source_element)))
        .finished_by([](BackupDisk& disk) {
            // Of a disk that takes no part nothing else is looked at.
            if (!disk.takes_part()) {
                disk.store = {};
                disk.has_store = false;
            }
            if (disk.store.type != StorageSource::Type::file && disk.store.type != StorageSource::Type::block)
                throw Error(ErrorCode::config_unsupported,
                            fmt::format("unsupported disk backup type '{}'", xml::name(disk.store.type)));
            if (!disk.incremental.empty() && disk.mode == BackupDisk::Mode::full)
                throw Error(ErrorCode::config_unsupported,
                            fmt::format("'full' backup mode of disk '{}' has no 'incremental'", disk.name));
        });
}

const auto push_disk_element = disk_of("target", [](const BackupDisk& disk, xml::Writer& writer) {
    if (disk.has_store) write_store("target", disk, writer);
});
const auto pull_disk_element = disk_of("scratch", [](const BackupDisk& disk, xml::Writer& writer) {
    if (disk.has_store) write_store("scratch", disk, writer);
});

}  // namespace

const xml::Element<BackupDef> backup_element =
    xml::describe<BackupDef>(
        "domainbackup",
        xml::attribute("mode", &BackupDef::kind).complain(ErrorCode::config_unsupported, "unknown backup mode '{}'"),
        xml::value("incremental", &BackupDef::incremental), xml::child("server", &BackupDef::server, server_element),
        xml::when(&BackupDef::kind, BackupDef::Kind::push,
                  xml::child("disks", xml::children(&BackupDef::disks, push_disk_element))
                      .keep_empty()
                      .written_when(names_disks)),
        xml::when(&BackupDef::kind, BackupDef::Kind::pull,
                  xml::child("disks", xml::children(&BackupDef::disks, pull_disk_element))
                      .keep_empty()
                      .written_when(names_disks)))
        .finished_by([](BackupDef& backup, const xml::Node& node, const xml::ParseFlags&) {
            backup.has_disks = bool(node.child("disks"));
            if (backup.server && backup.kind == BackupDef::Kind::push)
                throw Error(ErrorCode::config_unsupported, "use of <server> requires pull mode backup");
            if (!backup.server || backup.server->transport) return;
            backup.server->transport = StorageHost::Transport::tcp;
        });

BackupDef parse_backup(std::string_view text) {
    return in_domain(ErrorDomain::domain, [&] {
        const auto document = xml::Document::parse(text, "(domain_backup)");
        return backup_element.read(document.root("domainbackup"));
    });
}

std::string format_backup(const BackupDef& backup) { return backup_element.format(backup); }

}  // namespace innkeeper::model
