#include "model/storage/pool.h"

#include <fmt/format.h>

#include <algorithm>

#include "model/storage/pool_types.h"
#include "xml/parts.h"
#include "xml/schema.h"
#include "xml/validate.h"

namespace innkeeper::model {

namespace {

const xml::Element<PoolHost> host =
    xml::describe<PoolHost>("host", xml::attribute("name", &PoolHost::name), xml::attribute("port", &PoolHost::port));

const xml::Element<PoolDevice> device = xml::describe<PoolDevice>(
    "device", xml::attribute("path", &PoolDevice::path), xml::attribute("part_separator", &PoolDevice::part_separator));

const xml::Element<ParentAddress> parent_address = xml::describe<ParentAddress>(
    "parentaddr", xml::attribute("unique_id", &ParentAddress::unique_id),
    xml::child("address", xml::attribute("domain", &ParentAddress::domain).hex(4),
               xml::attribute("bus", &ParentAddress::bus).hex(2), xml::attribute("slot", &ParentAddress::slot).hex(2),
               xml::attribute("function", &ParentAddress::function).hex(1)));

void complete_adapter(PoolAdapter& adapter) {
    if (adapter.type.empty()) adapter.type = adapter.wwnn.empty() && adapter.wwpn.empty() ? "scsi_host" : "fc_host";
}

const xml::Element<PoolAdapter> adapter =
    xml::describe<PoolAdapter>(
        "adapter", xml::attribute("type", &PoolAdapter::type), xml::attribute("name", &PoolAdapter::name),
        xml::attribute("parent", &PoolAdapter::parent), xml::attribute("managed", &PoolAdapter::managed),
        xml::attribute("parent_wwnn", &PoolAdapter::parent_wwnn),
        xml::attribute("parent_wwpn", &PoolAdapter::parent_wwpn),
        xml::attribute("parent_fabric_wwn", &PoolAdapter::parent_fabric_wwn),
        xml::attribute("wwnn", &PoolAdapter::wwnn), xml::attribute("wwpn", &PoolAdapter::wwpn),
        xml::child(&PoolAdapter::parent_address, parent_address))
        .finished_by(complete_adapter);

const xml::Element<PoolAuth> auth = xml::describe<PoolAuth>(
    "auth", xml::attribute("type", &PoolAuth::type), xml::attribute("username", &PoolAuth::user),
    xml::child("secret", xml::attribute("uuid", &PoolAuth::secret_uuid),
               xml::attribute("usage", &PoolAuth::secret_usage)));

/// What a type of pool takes from `<source>`, and what it cannot be without.
struct Needs {
    Pool::Type type;
    bool device = false, host = false, directory = false, adapter = false, name = false, auth = false;
    bool initiator = false, protocol = false, target = true;
};

using Type = Pool::Type;
constexpr Needs needs[] = {
    {.type = Type::dir},
    {.type = Type::fs, .device = true},
    {.type = Type::netfs, .host = true, .directory = true, .protocol = true},
    {.type = Type::logical, .device = true, .name = true, .target = false},
    {.type = Type::disk, .device = true},
    {.type = Type::iscsi, .device = true, .host = true, .auth = true, .initiator = true},
    {.type = Type::iscsi_direct, .device = true, .host = true, .auth = true, .initiator = true, .target = false},
    {.type = Type::scsi, .adapter = true},
    {.type = Type::mpath},
};

[[noreturn]] void missing(std::string_view what) { throw Error(ErrorCode::xml_error, fmt::format("missing {}", what)); }

void check_format(std::string& format, const PoolType& type) {
    if (type.source_formats.empty()) return format.clear();
    if (format.empty()) format = type.default_source_format;
    if (std::ranges::find(type.source_formats, format) == type.source_formats.end())
        throw Error(ErrorCode::config_unsupported, fmt::format("unknown pool format type {}", format));
}

void complete_source(PoolSource& source, const Needs& need) {
    check_format(source.format, pool_type(need.type));
    if (!need.host) source.hosts.clear();
    if (need.host && source.hosts.empty()) missing("storage pool source host name");
    if (!need.directory) source.directory.clear();
    if (need.directory && source.directory.empty()) missing("storage pool source path");
    if (!need.device) source.devices.clear();
    // A volume group may be found by its name alone.
    if (need.device && !need.name && source.devices.empty()) missing("storage pool source device name");
    if (!need.adapter) source.adapter.reset();
    if (need.adapter && !source.adapter) missing("storage pool source adapter");
    if (!need.name) source.name.clear();
    if (!need.auth) source.auth.reset();
    if (!need.initiator) source.initiator.clear();
    if (!need.protocol) source.protocol_version.clear();
}

/// The target without repeated slashes and without one at its end. Two slashes at the start stay: POSIX leaves their
/// meaning to the system.
std::string tidy_path(std::string_view path) {
    if (!path.starts_with('/')) return std::string(path);
    std::string tidy = path.starts_with("//") && !path.starts_with("///") ? "/" : "";
    const std::size_t kept = tidy.size();
    for (const char c : path)
        if (c != '/' || tidy.size() == kept || tidy.back() != '/') tidy += c;
    if (tidy.size() > kept + 1 && tidy.back() == '/') tidy.pop_back();
    return tidy;
}

void complete_pool(Pool& pool) {
    const auto* need = std::ranges::find(needs, pool.type, &Needs::type);
    if (need == std::end(needs))
        throw Error(ErrorCode::internal_error, fmt::format("missing backend for pool type {} ({})",
                                                           static_cast<int>(pool.type), xml::name(pool.type)));
    if (pool.name.empty() && need->name) pool.name = pool.source.name;
    if (pool.name.empty()) missing("pool source name element");
    if (pool.name.contains('/'))
        throw Error(ErrorCode::xml_error, fmt::format("name {} cannot contain '/'", pool.name));
    if (pool.name.contains('\n')) throw Error(ErrorCode::xml_detail, "invalid char in name: \n");
    if (!pool.uuid) pool.uuid = Uuid::random();
    if (need->name && pool.source.name.empty()) pool.source.name = pool.name;
    complete_source(pool.source, *need);
    if (pool.type == Type::logical) pool.target = "/dev/" + pool.source.name;
    if (need->target && pool.target.empty()) missing("storage pool target path");
    pool.target = tidy_path(pool.target);
    // What a pool holds is found out, never told.
    pool.capacity = pool.allocation = pool.available = 0;
}

void read_source(const xml::Node& node, Pool& pool, const xml::ParseFlags& flags) {
    if (const auto source = node.child("source")) pool.source = pool_source.read(source, flags);
}

/// An empty source is spelled with two tags.
void write_source(const Pool& pool, xml::Writer& writer) {
    if (pool.source == PoolSource{}) {
        writer.open("source");
        writer.expand();
        writer.close();
    } else {
        pool_source.write(pool.source, writer);
    }
}

}  // namespace

const xml::Element<PoolSource> pool_source = xml::describe<PoolSource>(
    "source", xml::children(&PoolSource::hosts, host), xml::children(&PoolSource::devices, device),
    xml::child("dir", xml::attribute("path", &PoolSource::directory)), xml::child(&PoolSource::adapter, adapter),
    xml::value("name", &PoolSource::name),
    xml::child("initiator", xml::child("iqn", xml::attribute("name", &PoolSource::initiator))),
    xml::child(&PoolSource::auth, auth), xml::child("format", xml::attribute("type", &PoolSource::format)),
    xml::child("protocol", xml::attribute("ver", &PoolSource::protocol_version)),
    xml::child("vendor", xml::attribute("name", &PoolSource::vendor)),
    xml::child("product", xml::attribute("name", &PoolSource::product)));

const xml::Element<Pool> pool =
    xml::describe<Pool>(
        "pool", xml::attribute("type", &Pool::type).required(), xml::value("name", &Pool::name),
        xml::value("uuid", &Pool::uuid).complain(ErrorCode::xml_error, "malformed uuid element"),
        xml::amount("capacity", &Pool::capacity, "bytes"), xml::amount("allocation", &Pool::allocation, "bytes"),
        xml::amount("available", &Pool::available, "bytes"),
        xml::child("features", xml::child("cow", xml::attribute("state", &Pool::copy_on_write))),
        xml::by_hand<Pool>(read_source, write_source),
        xml::child("target", xml::value("path", &Pool::target), xml::child(&Pool::permissions, permissions)))
        .finished_by(complete_pool);

std::string pool_grammar() { return xml::relaxng(pool); }

void validate_pool(std::string_view text) {
    xml::validate(text, "(storage_pool_definition)", "pool",
                  {"/usr/share/libvirt/schemas/storagepool.rng", pool_grammar});
}

}  // namespace innkeeper::model
