#include "model/storage/pool.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "model/storage/pool_types.h"
#include "xml/parts.h"
#include "xml/schema.h"
#include "xml/validate.h"

namespace innkeeper::model {

namespace {

[[noreturn]] void wrong(std::string_view message) { throw Error(ErrorCode::xml_error, std::string(message)); }

const xml::Element<PoolHost> host = xml::describe<PoolHost>(
    "host", xml::attribute("name", &PoolHost::name).required(ErrorCode::xml_error, "missing storage pool host name"),
    xml::attribute("port", &PoolHost::port));

const xml::Element<PoolDevice> device = xml::describe<PoolDevice>(
    "device",
    xml::attribute("path", &PoolDevice::path).required(ErrorCode::xml_error, "missing storage pool source device path"),
    xml::attribute("part_separator", &PoolDevice::part_separator));

const xml::Element<ParentAddress> parent_address = xml::describe<ParentAddress>(
    "parentaddr", xml::attribute("unique_id", &ParentAddress::unique_id),
    xml::child("address", xml::attribute("domain", &ParentAddress::domain).hex(4),
               xml::attribute("bus", &ParentAddress::bus).hex(2), xml::attribute("slot", &ParentAddress::slot).hex(2),
               xml::attribute("function", &ParentAddress::function).hex(1)));

void check_wwn(std::string_view wwn) {
    const auto is_hex = [](char c) { return std::isxdigit(static_cast<unsigned char>(c)) != 0; };
    if (wwn.size() != 16 || !std::ranges::all_of(wwn, is_hex))
        throw Error(ErrorCode::internal_error, fmt::format("Malformed wwn: {}", wwn));
}

/// An adapter is found by its number, by the place of its parent, or by its name in a Fibre Channel fabric.
void complete_adapter(PoolAdapter& adapter) {
    using AdapterType = PoolAdapter::Type;
    if (!adapter.type) {
        if (!adapter.wwnn.empty() || !adapter.wwpn.empty() || !adapter.parent.empty() || adapter.parent_address)
            wrong("Use of 'wwnn', 'wwpn', and 'parent' attributes requires use of the adapter 'type'");
        if (adapter.name.empty()) wrong("missing storage pool source adapter");
        adapter.type = AdapterType::scsi_host;
    }
    if (adapter.type == AdapterType::fc_host) {
        if (adapter.wwnn.empty() || adapter.wwpn.empty())
            wrong("'wwnn' and 'wwpn' must be specified for adapter type 'fchost'");
        check_wwn(adapter.wwnn);
        check_wwn(adapter.wwpn);
        return;
    }
    if (adapter.name.empty() && !adapter.parent_address)
        wrong("Either 'name' or 'parent' must be specified for the 'scsi_host' adapter");
    if (adapter.parent_address && !adapter.parent_address->unique_id)
        wrong("Missing or invalid scsi adapter 'unique_id' value");
    adapter.parent.clear();
    adapter.managed.reset();
}

const xml::Element<PoolAdapter> adapter = xml::describe<PoolAdapter>(
    "adapter", xml::attribute("type", &PoolAdapter::type), xml::attribute("name", &PoolAdapter::name),
    xml::attribute("parent", &PoolAdapter::parent), xml::attribute("managed", &PoolAdapter::managed),
    xml::attribute("parent_wwnn", &PoolAdapter::parent_wwnn), xml::attribute("parent_wwpn", &PoolAdapter::parent_wwpn),
    xml::attribute("parent_fabric_wwn", &PoolAdapter::parent_fabric_wwn), xml::attribute("wwnn", &PoolAdapter::wwnn),
    xml::attribute("wwpn", &PoolAdapter::wwpn), xml::child(&PoolAdapter::parent_address, parent_address));

void check_auth(PoolAuth& auth, const xml::Node& node, const xml::ParseFlags&) {
    if (auth.user.empty()) wrong("missing username for auth");
    if (!node.child("secret")) wrong("Missing <secret> element in auth");
    if (!auth.secret_uuid && auth.secret_usage.empty()) wrong("missing secret uuid or usage attribute");
    if (auth.secret_uuid && !auth.secret_usage.empty()) wrong("either secret uuid or usage expected");
}

const xml::Element<PoolAuth> auth =
    xml::describe<PoolAuth>(
        "auth",
        xml::attribute("type", &PoolAuth::type).complain(ErrorCode::config_unsupported, "unknown auth type '{}'"),
        xml::attribute("username", &PoolAuth::user),
        xml::child("secret", xml::attribute("uuid", &PoolAuth::secret_uuid),
                   xml::attribute("usage", &PoolAuth::secret_usage)))
        .finished_by(check_auth);

/// What a type of pool takes from `<source>`, and what it cannot be without.
struct Needs {
    enum class Device { none, wanted, needed };
    /// A name of the storage's own: there is none, the pool's stands in, or it must be told.
    enum class Name { none, wanted, needed };
    enum class Target { none, needed, made };
    Pool::Type type;
    Device device = Device::none;
    bool host = false, directory = false, adapter = false, initiator = false;
    Name name = Name::none;
    Target target = Target::needed;
    std::string_view target_folder = {};  ///< where a target is made for the storage's name
    std::string_view default_directory = {};
};

using Type = Pool::Type;
using Device = Needs::Device;
using Name = Needs::Name;
using Target = Needs::Target;
constexpr Needs needs[] = {
    {.type = Type::dir},
    {.type = Type::fs, .device = Device::needed},
    {.type = Type::netfs, .host = true, .directory = true},
    {.type = Type::logical,
     .device = Device::wanted,
     .name = Name::wanted,
     .target = Target::made,
     .target_folder = "/dev/"},
    {.type = Type::disk, .device = Device::needed},
    {.type = Type::iscsi, .device = Device::wanted, .host = true, .initiator = true},
    {.type = Type::iscsi_direct, .device = Device::wanted, .host = true, .initiator = true, .target = Target::none},
    {.type = Type::scsi, .adapter = true},
    {.type = Type::mpath},
    {.type = Type::rbd, .host = true, .name = Name::needed, .target = Target::none},
    {.type = Type::sheepdog, .host = true, .name = Name::wanted, .target = Target::none},
    {.type = Type::gluster,
     .host = true,
     .directory = true,
     .name = Name::wanted,
     .target = Target::none,
     .default_directory = "/"},
    {.type = Type::zfs,
     .device = Device::wanted,
     .name = Name::wanted,
     .target = Target::made,
     .target_folder = "/dev/zvol/"},
    {.type = Type::vstorage, .name = Name::wanted},
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
    if (source.directory.empty()) source.directory = need.default_directory;
    if (need.directory && source.directory.empty()) missing("storage pool source path");
    if (need.device == Device::none) source.devices.clear();
    if (need.device == Device::needed && source.devices.empty()) missing("storage pool source device name");
    if (!need.adapter) source.adapter.reset();
    if (need.adapter && !source.adapter) missing("storage pool source adapter");
    if (source.adapter) complete_adapter(*source.adapter);
    if (need.name == Name::none) source.name.clear();
    if (!need.initiator) source.initiator.clear();
    if (need.type == Type::iscsi_direct && source.initiator.empty())
        throw Error(ErrorCode::config_unsupported, "missing initiator IQN");
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
    const auto& need = *std::ranges::find(needs, pool.type, &Needs::type);
    if (pool.name.empty() && need.name != Name::none) pool.name = pool.source.name;
    if (pool.name.empty()) missing("pool source name element");
    if (pool.name.contains('/'))
        throw Error(ErrorCode::xml_error, fmt::format("name {} cannot contain '/'", pool.name));
    if (pool.name.contains('\n')) throw Error(ErrorCode::xml_detail, ErrorDomain::xml, "invalid char in name: \n");
    if (!pool.uuid) pool.uuid = Uuid::random();
    complete_source(pool.source, need);
    if (need.name == Name::wanted && pool.source.name.empty()) pool.source.name = pool.name;
    if (need.target == Target::none) pool.target.clear();
    if (need.target == Target::made) pool.target = fmt::format("{}{}", need.target_folder, pool.source.name);
    if (need.target == Target::needed && pool.target.empty()) missing("storage pool target path");
    if (pool.type != Type::fs && pool.type != Type::netfs) pool.mount_options.clear();
    pool.target = tidy_path(pool.target);
    // What a pool holds is found out, never told.
    pool.capacity = pool.allocation = pool.available = 0;
}

void read_source(const xml::Node& node, Pool& pool, const xml::ParseFlags& flags) {
    const auto source = node.child("source");
    if (!source) return;
    pool.source = pool_source.read(source, flags);
    if (pool.type == Type::rbd && pool.source.name.empty()) wrong("element 'name' is mandatory for RBD pool");
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

constexpr std::string_view mount_namespace = "http://libvirt.org/schemas/storagepool/fs/1.0";

void read_mount_options(const xml::Node& node, Pool& pool, const xml::ParseFlags&) {
    for (auto child = node.child(); child; child = child.next()) {
        if (child.name() != "mount_opts" || child.namespace_uri() != mount_namespace) continue;
        for (auto option = child.child(); option; option = option.next()) {
            if (option.name() != "option") continue;
            const auto name = option.attribute("name");
            if (!name) wrong("no fs mount option name specified");
            pool.mount_options.emplace_back(*name);
        }
    }
}

void write_mount_options(const Pool& pool, xml::Writer& writer) {
    if (pool.mount_options.empty()) return;
    writer.open("fs:mount_opts");
    for (const auto& option : pool.mount_options) {
        writer.open("fs:option");
        writer.attribute("name", option);
        writer.close();
    }
    writer.close();
}

void read_nothing(const xml::Node&, Pool&, const xml::ParseFlags&) {}
void write_namespace(const Pool& pool, xml::Writer& writer) {
    if (!pool.mount_options.empty()) writer.attribute("xmlns:fs", mount_namespace);
}

}  // namespace

const xml::Element<PoolSource> pool_source = xml::describe<PoolSource>(
    "source", xml::children(&PoolSource::hosts, host), xml::children(&PoolSource::devices, device),
    xml::child("dir", xml::attribute("path", &PoolSource::directory)), xml::child(&PoolSource::adapter, adapter),
    xml::value("name", &PoolSource::name),
    xml::child("initiator", xml::child("iqn", xml::attribute("name", &PoolSource::initiator))),
    xml::child("format", xml::attribute("type", &PoolSource::format)), xml::child(&PoolSource::auth, auth),
    xml::child("protocol", xml::attribute("ver", &PoolSource::protocol_version)),
    xml::child("vendor", xml::attribute("name", &PoolSource::vendor)),
    xml::child("product", xml::attribute("name", &PoolSource::product)));

const xml::Element<Pool> pool =
    xml::describe<Pool>(
        "pool", xml::attribute("type", &Pool::type).required(), xml::by_hand<Pool>(read_nothing, write_namespace),
        xml::value("name", &Pool::name),
        xml::value("uuid", &Pool::uuid).complain(ErrorCode::xml_error, "malformed uuid element").omit(""),
        xml::amount("capacity", &Pool::capacity, "bytes"), xml::amount("allocation", &Pool::allocation, "bytes"),
        xml::amount("available", &Pool::available, "bytes"),
        xml::child("features", xml::child("cow", xml::attribute("state", &Pool::copy_on_write))),
        xml::by_hand<Pool>(read_source, write_source).holds(pool_source),
        xml::child("target", xml::value("path", &Pool::target), xml::child(&Pool::permissions, permissions)),
        xml::child("refresh", xml::child("volume", xml::attribute("allocation", &Pool::refresh_allocation))),
        xml::by_hand<Pool>(read_mount_options, write_mount_options).holds("fs:mount_opts"))
        .finished_by(complete_pool);

std::string pool_grammar() {
    static constexpr xml::Namespace namespaces[] = {{"fs", mount_namespace}};
    return xml::relaxng(pool, namespaces);
}

void validate_pool(std::string_view text) {
    xml::validate(text, "(storage_pool_definition)", "pool",
                  {"/usr/share/libvirt/schemas/storagepool.rng", pool_grammar});
}

}  // namespace innkeeper::model
