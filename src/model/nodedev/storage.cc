#include "model/nodedev/storage.h"

#include <algorithm>

#include "xml/parts.h"

namespace innkeeper::model::nodedev {

namespace {

using enum ErrorCode;

const auto medium = xml::describe<RemovableMedium>(
    "capability", xml::value("media_available", &RemovableMedium::is_available),
    xml::value("media_size", &RemovableMedium::size)
        .required(internal_error, "no removable media size supplied for 'new device'")
        .complain(internal_error, "invalid removable media size supplied for 'new device'"),
    xml::value("media_label", &RemovableMedium::label),
    xml::value("logical_block_size", &RemovableMedium::block_size).omit("0"),
    xml::value("num_blocks", &RemovableMedium::blocks).omit("0"));

const auto hotpluggable = xml::describe<Hotpluggable>("capability");

const auto capability = xml::describe<StorageCapability>(
    "capability", xml::one_of("type", &StorageCapability::kind, xml::alternative("removable", medium),
                              xml::alternative("hotpluggable", hotpluggable))
                      .required(internal_error, "missing storage capability type for 'new device'")
                      .complain(internal_error, "unknown storage capability type '{}' for 'new device'"));

void check(Storage& device) {
    const bool is_removable = std::ranges::any_of(device.capabilities, [](const StorageCapability& each) {
        return std::holds_alternative<RemovableMedium>(each.kind);
    });
    if (!is_removable && !device.size) throw Error(internal_error, "no size supplied for 'new device'");
    if (is_removable) device.size.reset(), device.block_size = device.blocks = 0;
    std::ranges::sort(device.capabilities, {}, [](const StorageCapability& each) { return each.kind.index(); });
}

}  // namespace

const xml::Element<Storage> storage =
    xml::describe<Storage>(
        "capability",
        xml::value("block", &Storage::block).required(internal_error, "no block device path supplied for 'new device'"),
        xml::value("bus", &Storage::bus), xml::value("drive_type", &Storage::drive_type),
        xml::value("model", &Storage::model), xml::value("vendor", &Storage::vendor),
        xml::value("serial", &Storage::serial),
        xml::value("size", &Storage::size).complain(internal_error, "invalid size supplied for 'new device'"),
        xml::value("logical_block_size", &Storage::block_size).omit("0"),
        xml::value("num_blocks", &Storage::blocks).omit("0"), xml::children(&Storage::capabilities, capability))
        .finished_by(check);

}  // namespace innkeeper::model::nodedev
