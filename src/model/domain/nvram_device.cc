#include "model/domain/nvram_device.h"

#include "xml/parts.h"

namespace innkeeper::model {

namespace {

void read_info(const xml::Node& node, NvramDevice& nvram, const xml::ParseFlags& flags) {
    xml::read_into(device_info_element, node, &nvram.info, flags);
}
void write_info(const NvramDevice& nvram, xml::Writer& writer) {
    xml::write_inside(device_info_element, &nvram.info, writer);
}

}  // namespace

/// Of what every device can say, only this means something here.
const xml::Element<NvramDevice> nvram_device_element = xml::describe<NvramDevice>(
    "nvram", xml::by_hand(read_info, write_info).holds("alias@name", "address@type", "address@reg", "acpi@index"));

}  // namespace innkeeper::model
