#include "drivers/storage/simulation.h"

#include <fmt/format.h>

#include "objects/requests.h"
#include "protocol/constants.h"
#include "protocol/remote/connect.h"
#include "protocol/remote/storage.h"
#include "xml/node.h"

namespace innkeeper::storage {

namespace {

namespace remote = protocol::remote;
using Type = model::Pool::Type;

constexpr std::uint64_t room = 100ULL << 30;

/// Nothing that looks into a volume, or changes what is in it.
const protocol::Procedure* const all[] = {
    &remote::ConnectNumOfStoragePools::row,
    &remote::ConnectNumOfDefinedStoragePools::row,
    &remote::ConnectListStoragePools::row,
    &remote::ConnectListDefinedStoragePools::row,
    &remote::ConnectListAllStoragePools::row,
    &remote::ConnectFindStoragePoolSources::row,
    &remote::ConnectStoragePoolEventRegisterAny::row,
    &remote::ConnectStoragePoolEventDeregisterAny::row,
    &remote::StoragePoolLookupByName::row,
    &remote::StoragePoolLookupByUuid::row,
    &remote::StoragePoolLookupByVolume::row,
    &remote::StoragePoolGetInfo::row,
    &remote::StoragePoolGetXmlDesc::row,
    &remote::StoragePoolGetAutostart::row,
    &remote::StoragePoolSetAutostart::row,
    &remote::StoragePoolIsActive::row,
    &remote::StoragePoolIsPersistent::row,
    &remote::StoragePoolDefineXml::row,
    &remote::StoragePoolCreateXml::row,
    &remote::StoragePoolCreate::row,
    &remote::StoragePoolBuild::row,
    &remote::StoragePoolDestroy::row,
    &remote::StoragePoolDelete::row,
    &remote::StoragePoolUndefine::row,
    &remote::StoragePoolRefresh::row,
    &remote::StoragePoolNumOfVolumes::row,
    &remote::StoragePoolListVolumes::row,
    &remote::StoragePoolListAllVolumes::row,
    &remote::StorageVolLookupByName::row,
    &remote::StorageVolLookupByKey::row,
    &remote::StorageVolLookupByPath::row,
    &remote::StorageVolGetPath::row,
    &remote::StorageVolGetInfo::row,
    &remote::StorageVolGetXmlDesc::row,
    &remote::StorageVolCreateXml::row,
    &remote::StorageVolCreateXmlFrom::row,
    &remote::StorageVolDelete::row,
};

/// What the machine's disks and the one server in its network offer.
constexpr std::string_view groups = R"(<sources>
  <source>
    <device path='/dev/sda20'/>
    <name>testvg1</name>
    <format type='lvm2'/>
  </source>
  <source>
    <device path='/dev/sda21'/>
    <name>testvg2</name>
    <format type='lvm2'/>
  </source>
</sources>
)";

std::string shares(const std::optional<std::string>& asked) {
    model::PoolSource source;
    if (asked)
        source = model::pool_source.read(xml::Document::parse(*asked, "(storage_source_specification)").root("source"));
    if (source.hosts.empty())
        throw Error(ErrorCode::invalid_arg, "hostname must be specified for netfs sources");
    model::PoolSource found;
    found.hosts.push_back({.name = source.hosts.front().name});
    found.directory = "/testshare";
    found.format = "nfs";
    xml::Writer out;
    out.open("sources");
    model::pool_source.write(found, out);
    out.close();
    return std::move(out).take();
}

}  // namespace

std::span<const protocol::Procedure* const> SimulatedBackend::procedures() const { return all; }

std::uint32_t SimulatedBackend::volume_flags() const { return protocol::VIR_STORAGE_VOL_CREATE_VALIDATE; }

Error SimulatedBackend::is_active(const Pool& pool, std::string_view) const {
    return Error(ErrorCode::operation_invalid, fmt::format("storage pool '{}' is active", pool.name()));
}

Error SimulatedBackend::has_no_file() const { return Error(ErrorCode::invalid_arg, "pool has no config file"); }

Error SimulatedBackend::volume_exists(const std::string&, bool) const {
    return Error(ErrorCode::operation_failed, "storage vol already exists");
}

void SimulatedBackend::complete(model::Pool& def) const { def.capacity = def.available = room; }

std::string SimulatedBackend::sources(const std::string& type, const std::optional<std::string>& asked) const {
    if (type == "dir") throw Error(ErrorCode::internal_error, "unknown storage pool type dir");
    if (type == "logical") return std::string(groups);
    if (type == "netfs") return shares(asked);
    if (asked && !xml::value_of<Type>(type)) throw Error(ErrorCode::internal_error, "missing backend for pool type -1");
    throw Error(ErrorCode::no_support, fmt::format("pool type '{}' does not support source discovery", type));
}

Task<> SimulatedBackend::remove(model::Pool, std::uint32_t flags) {
    objects::allow_flags(flags, 0, ErrorDomain::none, function("StoragePoolDelete"));
    co_return;
}

Task<FolderFacts> SimulatedBackend::facts(ConstPoolPtr pool) {
    FolderFacts facts{.capacity = room, .available = room, .permissions = pool->def().permissions};
    for (const auto& [name, volume] : pool->volumes()) facts.available -= volume.allocation.value_or(0);
    co_return facts;
}

Task<Scanned> SimulatedBackend::scan(ConstPoolPtr pool) {
    auto facts = co_await this->facts(pool);
    co_return Scanned{.folder = std::move(facts), .volumes = pool->volumes()};
}

void SimulatedBackend::check_new(const model::Pool& def, model::Volume& volume, std::uint32_t) const {
    model::fit_volume(volume, def.type);
    if (!volume.capacity) throw Error(ErrorCode::xml_error, "missing capacity element");
    if (!volume.allocation) volume.allocation = volume.capacity;
    if (*volume.allocation > def.available)
        throw Error(ErrorCode::internal_error,
                    fmt::format("Not enough free space in pool for volume '{}'", volume.name));
}

Task<model::Volume> SimulatedBackend::create(model::Pool, model::Volume volume, std::uint32_t,
                                             std::optional<Original>) {
    volume.key = volume.path;
    volume.no_copy_on_write = false;
    co_return volume;
}

}  // namespace innkeeper::storage
