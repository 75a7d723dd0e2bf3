#include "model/nodedev/mdev.h"

#include <fmt/format.h>

#include "xml/parts.h"

namespace innkeeper::model::nodedev {

namespace {

const auto mdev_attribute = xml::describe<MdevAttribute>("attr", xml::attribute("name", &MdevAttribute::name),
                                                         xml::attribute("value", &MdevAttribute::value).keep_empty());

const auto mdev_type = xml::describe<MdevType>(
    "type",
    xml::attribute("id", &MdevType::id)
        .required(ErrorCode::xml_error, "missing 'id' attribute for mediated device's <type> element"),
    xml::value("name", &MdevType::name), xml::value("deviceAPI", &MdevType::device_api),
    xml::value("availableInstances", &MdevType::available_instances)
        .complain(ErrorCode::internal_error, "invalid number of available instances for mediated device"));

/// The peer's sentences name the type.
void check_types(MdevTypes& capability, const xml::Node& node, const xml::ParseFlags&) {
    auto type = node.child("type");
    for (const auto& each : capability.types) {
        if (!type.child("deviceAPI"))
            throw Error(ErrorCode::xml_error, fmt::format("missing device API for mediated device type '{}'", each.id));
        if (!type.child("availableInstances"))
            throw Error(ErrorCode::xml_error,
                        fmt::format("missing number of available instances for mediated device type '{}'", each.id));
        type = type.next("type");
    }
}

void drop_halves(Mdev& device) {
    std::erase_if(device.attributes, [](const MdevAttribute& each) { return each.name.empty(); });
}

}  // namespace

const xml::Element<Mdev> mdev =
    xml::describe<Mdev>(
        "capability",
        xml::child("type", xml::attribute("id", &Mdev::type)
                               .required(ErrorCode::config_unsupported, "missing type id attribute for 'new device'"))
            .required(ErrorCode::config_unsupported, "missing type id attribute for 'new device'"),
        xml::value("uuid", &Mdev::uuid).complain(ErrorCode::internal_error, "Invalid uuid '{}' for new mdev device"),
        xml::value("parent_addr", &Mdev::parent_address),
        xml::child("iommuGroup",
                   xml::attribute("number", &Mdev::iommu_group)
                       .required(ErrorCode::xml_error, "missing iommuGroup number attribute for 'new device'")
                       .complain(ErrorCode::xml_error, "invalid iommuGroup number attribute for 'new device'")),
        xml::children(&Mdev::attributes, mdev_attribute))
        .finished_by(drop_halves);

const xml::Element<MdevTypes> mdev_types =
    xml::describe<MdevTypes>("capability", xml::children(&MdevTypes::types, mdev_type)).finished_by(check_types);

}  // namespace innkeeper::model::nodedev
