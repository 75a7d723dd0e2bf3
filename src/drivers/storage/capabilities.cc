#include "drivers/storage/pools.h"
#include "model/capabilities/pool_capabilities.h"
#include "model/storage/pool_types.h"
#include "objects/requests.h"

/// What can be chosen for a pool of each type, as a document.
namespace innkeeper::storage {

namespace remote = protocol::remote;

namespace {

using Options = model::PoolCapabilities::Options;

std::optional<Options> options(std::string_view default_format, std::string choice,
                               std::span<const std::string_view> formats) {
    if (default_format.empty()) return {};
    return Options{.default_format = {std::string(default_format)},
                   .formats = model::Choice::of(std::move(choice), {formats.begin(), formats.end()})};
}

}  // namespace

remote::ConnectGetStoragePoolCapabilitiesRet Pools::capabilities(
    const rpc::Caller&, const remote::ConnectGetStoragePoolCapabilitiesArgs& args) {
    objects::allow_flags(args.flags, 0, ErrorDomain::storage, "storageConnectGetStoragePoolCapabilities");
    model::PoolCapabilities capabilities;
    for (const auto& type : model::pool_types())
        capabilities.pools.push_back(
            {.type = std::string(xml::name(type.type)),
             .supported = type.is_built,
             .pool = options(type.default_source_format, "sourceFormatType", type.source_formats),
             .volume = options(type.default_volume_format, "targetFormatType", type.volume_formats)});
    return {model::pool_capabilities_element.format(capabilities)};
}

}  // namespace innkeeper::storage
