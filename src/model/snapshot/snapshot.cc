#include "model/snapshot/snapshot.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/error.h"
#include "model/domain/domain.h"
#include "xml/node.h"
#include "xml/shared.h"

namespace innkeeper::model {

namespace {

using Mode = Disk::Snapshot;
using Type = StorageSource::Type;

bool is_external(const SnapshotDisk& disk) { return disk.mode == Mode::external; }

void check_disk(SnapshotDisk& disk) {
    using namespace std::string_view_literals;
    static constexpr std::array formats{"none"sv, "raw"sv, "dir"sv,  "bochs"sv, "cloop"sv, "dmg"sv,
                                        "iso"sv,  "vpc"sv, "vdi"sv,  "fat"sv,   "vhd"sv,   "ploop"sv,
                                        "luks"sv, "cow"sv, "qcow"sv, "qcow2"sv, "qed"sv,   "vmdk"sv};
    StorageSource& source = disk.source;
    if (source.type != Type::file && source.type != Type::block && source.type != Type::network)
        throw Error(ErrorCode::xml_error, fmt::format("unsupported disk snapshot type '{}'", xml::name(source.type)));
    if (!source.format.empty() && std::ranges::find(formats, source.format) == formats.end())
        throw Error(ErrorCode::config_unsupported, fmt::format("unknown disk snapshot driver '{}'", source.format));
    if (source.type == Type::file && !source.path.empty() && !source.path.starts_with('/'))
        throw Error(ErrorCode::xml_error, fmt::format("disk snapshot image path '{}' must be absolute", source.path));
    // Who says where the new image lies or what it is wants one.
    if (!disk.mode && (!source.is_empty() || !source.format.empty())) disk.mode = Mode::external;
    source.startup_policy.reset();
}

/// A mark inside of the image has no type, unless a client gave it one.
bool tells_type(const SnapshotDisk& disk) { return is_external(disk) || disk.source.type != StorageSource::Type::file; }

const auto snapshot_disk_element =
    xml::describe<SnapshotDisk>(
        "disk",
        xml::attribute("name", &SnapshotDisk::name)
            .keep_empty()
            .required(ErrorCode::internal_error, "missing name from disk snapshot element"),
        xml::attribute("snapshot", &SnapshotDisk::mode),
        xml::embed(&SnapshotDisk::source, storage_type_element).written_when(tells_type),
        xml::child(
            "driver", xml::embed(&SnapshotDisk::source, storage_format_element),
            xml::child("metadata_cache", xml::amount("max_size", &SnapshotDisk::metadata_cache_max_bytes, "bytes"))),
        xml::child("source", &SnapshotDisk::source, storage_source_element))
        .finished_by(check_disk);

const auto cookie_element = xml::describe<SnapshotCookie>("cookie", xml::child(&SnapshotCookie::cpu, cpu_element),
                                                          xml::flag("slirpHelper", &SnapshotCookie::slirp_helper));

void check_memory(const SnapshotDef& snapshot) {
    const auto& file = snapshot.memory_file;
    if (!snapshot.memory && file.empty()) return;
    const Mode mode = snapshot.memory.value_or(Mode::external);
    if (mode == Mode::manual) throw Error(ErrorCode::xml_error, "'manual' memory snapshot mode not supported");
    if (!file.empty() && mode != Mode::external)
        throw Error(ErrorCode::xml_error, fmt::format("memory filename '{}' requires external snapshot", file));
    if (file.empty() && mode == Mode::external)
        throw Error(ErrorCode::xml_error, "external memory snapshots require a filename");
}

/// One that is defined again says all of it itself.
void check_whole(SnapshotDef& snapshot) {
    if (!snapshot.is_whole) return;
    if (snapshot.name.empty()) throw Error(ErrorCode::xml_error, "a redefined snapshot must have a name");
    if (!snapshot.creation_time) throw Error(ErrorCode::internal_error, "missing creationTime from existing snapshot");
    if (!snapshot.state) throw Error(ErrorCode::xml_error, "missing state from existing snapshot");
}

void finish(SnapshotDef& snapshot) {
    check_whole(snapshot);
    check_memory(snapshot);
    if (!snapshot.memory && !snapshot.memory_file.empty()) snapshot.memory = Mode::external;
    if (snapshot.cookie == SnapshotCookie{}) snapshot.cookie.reset();
}

/// Older daemons left a `<domain>` with nothing but a UUID, which says nothing of the guest.
void read_domains(const xml::Node& node, SnapshotDef& snapshot, const xml::ParseFlags& flags) {
    const auto read = [&](std::string_view tag, std::shared_ptr<const DomainDef>& into) {
        const auto child = node.child(tag);
        if (!child || !child.attribute("type")) return;
        if (child.child("name").text().empty()) throw Error(ErrorCode::no_name, ErrorDomain::domain);
        try {
            into = std::make_shared<const DomainDef>(domain_element.read(child, flags));
        } catch (Error& error) {
            error.set_domain_if_none(ErrorDomain::domain);
            throw;
        }
    };
    read("domain", snapshot.domain);
    read("inactiveDomain", snapshot.inactive_domain);
}

void write_domains(const SnapshotDef& snapshot, xml::Writer& writer) {
    if (snapshot.domain) write_from(domain_element, "domain", snapshot.domain.get(), writer);
    if (snapshot.inactive_domain) write_from(domain_element, "inactiveDomain", snapshot.inactive_domain.get(), writer);
}

bool is_whole(const SnapshotDef& snapshot) { return snapshot.is_whole; }

}  // namespace

bool SnapshotDef::operator==(const SnapshotDef& other) const {
    return snapshot_element.format(*this, {.inactive = true, .secure = true}) ==
           snapshot_element.format(other, {.inactive = true, .secure = true});
}

bool SnapshotDef::is_external() const {
    return memory == Disk::Snapshot::external || state == State::disk_snapshot ||
           std::ranges::any_of(disks, model::is_external);
}

const xml::Element<SnapshotDef> snapshot_element =
    xml::describe<SnapshotDef>(
        "domainsnapshot", xml::value("name", &SnapshotDef::name), xml::value("description", &SnapshotDef::description),
        xml::when(is_whole,
                  xml::value("state", &SnapshotDef::state)
                      .omit("")
                      .complain(ErrorCode::config_unsupported, "Invalid state '{}' in domain snapshot XML"),
                  xml::child("parent", xml::value("name", &SnapshotDef::parent)),
                  xml::value("creationTime", &SnapshotDef::creation_time)
                      .complain(ErrorCode::internal_error, "missing creationTime from existing snapshot")),
        xml::child("memory", xml::attribute("snapshot", &SnapshotDef::memory),
                   xml::attribute("file", &SnapshotDef::memory_file)),
        xml::child("disks", xml::children(&SnapshotDef::disks, snapshot_disk_element)),
        xml::when(is_whole,
                  xml::by_hand(read_domains, write_domains)
                      .holds(xml::child("domain", &SnapshotDef::domain, domain_element),
                             xml::child("inactiveDomain", &SnapshotDef::inactive_domain, domain_element)),
                  xml::child(&SnapshotDef::cookie, cookie_element)),
        xml::value("active", &SnapshotDef::active))
        .finished_by(finish);

SnapshotDef parse_snapshot(std::string_view text, SnapshotPart part) {
    try {
        const auto document = xml::Document::parse(text, "(domain_snapshot)");
        SnapshotDef snapshot;
        snapshot.is_whole = part == SnapshotPart::whole;
        read_into(snapshot_element, document.root("domainsnapshot"), &snapshot, {});
        snapshot.is_whole = true;
        return snapshot;
    } catch (Error& error) {
        error.set_domain_if_none(ErrorDomain::domain_snapshot);
        throw;
    }
}

std::string format_snapshot(const SnapshotDef& snapshot, Secrets secrets) {
    return snapshot_element.format(snapshot, {.inactive = true, .secure = secrets == Secrets::shown});
}

void settle_memory(SnapshotDef& snapshot) {
    const bool has_memory =
        snapshot.state != SnapshotDef::State::shutoff && snapshot.state != SnapshotDef::State::disk_snapshot;
    if (!snapshot.memory) snapshot.memory = has_memory ? Mode::internal : Mode::no;
    if (!has_memory && snapshot.memory != Mode::no)
        throw Error(ErrorCode::xml_error, ErrorDomain::domain_snapshot,
                    "memory state cannot be saved with offline or disk-only snapshot");
    if (!snapshot.memory_file.empty() && !snapshot.memory_file.starts_with('/'))
        throw Error(ErrorCode::xml_error, ErrorDomain::domain_snapshot,
                    fmt::format("memory snapshot file path ({}) must be absolute", snapshot.memory_file));
}

SnapshotRule rule_of(const SnapshotDef& snapshot) {
    const bool wants_files = snapshot.memory == Mode::external || snapshot.state == SnapshotDef::State::disk_snapshot ||
                             std::ranges::any_of(snapshot.disks, is_external);
    return {.mode = wants_files ? Mode::external : Mode::internal, .uniform = !wants_files};
}

}  // namespace innkeeper::model
