#include "drivers/storage/pools.h"
#include "model/storage/pool_types.h"
#include "objects/requests.h"
#include "xml/writer.h"

/// What can be chosen for a pool of each type, as a document.
namespace innkeeper::storage {

namespace remote = protocol::remote;

namespace {

void write_choice(xml::Writer& out, std::string_view name, std::span<const std::string_view> values) {
    out.open("enum");
    out.attribute("name", name);
    for (const auto value : values) out.leaf("value", value);
    out.expand();
    out.close();
}

void write_options(xml::Writer& out, std::string_view tag, std::string_view default_format, std::string_view choice,
                   std::span<const std::string_view> formats) {
    if (default_format.empty()) return;
    out.open(tag);
    out.open("defaultFormat");
    out.attribute("type", default_format);
    out.close();
    write_choice(out, choice, formats);
    out.close();
}

}  // namespace

remote::ConnectGetStoragePoolCapabilitiesRet Pools::capabilities(
    const rpc::Caller&, const remote::ConnectGetStoragePoolCapabilitiesArgs& args) {
    objects::allow_flags(args.flags, 0, ErrorDomain::storage, "storageConnectGetStoragePoolCapabilities");
    xml::Writer out;
    out.open("storagepoolCapabilities");
    for (const auto& type : model::pool_types()) {
        out.open("pool");
        out.attribute("type", xml::name(type.type));
        out.attribute("supported", type.is_built ? "yes" : "no");
        out.expand();
        write_options(out, "poolOptions", type.default_source_format, "sourceFormatType", type.source_formats);
        write_options(out, "volOptions", type.default_volume_format, "targetFormatType", type.volume_formats);
        out.close();
    }
    out.close();
    return {std::move(out).take()};
}

}  // namespace innkeeper::storage
