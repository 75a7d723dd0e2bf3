#include "model/nodedev/vpd.h"

#include "xml/parts.h"

namespace innkeeper::model::nodedev {

namespace {

const auto vendor_field = xml::describe<VpdCustomField>("vendor_field", xml::attribute("index", &VpdCustomField::index),
                                                        xml::text(&VpdCustomField::value));
const auto system_field = xml::describe<VpdCustomField>("system_field", xml::attribute("index", &VpdCustomField::index),
                                                        xml::text(&VpdCustomField::value));

const auto read_only = xml::describe<VpdReadOnly>(
    "fields", xml::value("change_level", &VpdReadOnly::change_level),
    xml::value("manufacture_id", &VpdReadOnly::manufacture_id), xml::value("part_number", &VpdReadOnly::part_number),
    xml::value("serial_number", &VpdReadOnly::serial_number), xml::children(&VpdReadOnly::vendor_fields, vendor_field));
const auto read_write = xml::describe<VpdReadWrite>("fields", xml::value("asset_tag", &VpdReadWrite::asset_tag),
                                                    xml::children(&VpdReadWrite::vendor_fields, vendor_field),
                                                    xml::children(&VpdReadWrite::system_fields, system_field));

const auto fields = xml::describe<VpdFields>(
    "fields", xml::one_of("access", &VpdFields::access, xml::alternative("readonly", read_only),
                          xml::alternative("readwrite", read_write))
                  .complain(ErrorCode::xml_error, "Unsupported VPD field access type specified {}"));

void drop_nameless(Vpd& vpd) {
    std::erase_if(vpd.fields, [](const VpdFields& each) { return each.access.index() == 0; });
}

}  // namespace

const xml::Element<Vpd> vpd =
    xml::describe<Vpd>("capability",
                       xml::value("name", &Vpd::name)
                           .required(ErrorCode::xml_error, "Could not read a device name from the <name> element"),
                       xml::children(&Vpd::fields, fields))
        .finished_by(drop_nameless);

}  // namespace innkeeper::model::nodedev
