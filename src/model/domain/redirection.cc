#include "model/domain/redirection.h"

#include <fmt/format.h>

#include <charconv>

#include "xml/parts.h"

namespace innkeeper::model {

namespace {

/// -1 means any, as absence does; the peer writes these numbers with capital digits.
void read_number(const xml::Node& node, std::string_view name, std::optional<unsigned>& value) {
    auto text = node.attribute(name).value_or("-1");
    if (text == "-1") return;
    const bool hex = text.starts_with("0x");
    if (hex) text.remove_prefix(2);
    unsigned number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, hex ? 16 : 10);
    if (error != std::errc{} || end != text.data() + text.size())
        throw Error(ErrorCode::internal_error, fmt::format("cannot parse USB {} {}", name, *node.attribute(name)));
    value = number;
}

void read_rule(const xml::Node& node, RedirectionRule& rule, const xml::ParseFlags&) {
    read_number(node, "class", rule.device_class);
    read_number(node, "vendor", rule.vendor);
    read_number(node, "product", rule.product);
    const auto version = node.attribute("version").value_or("-1");
    if (version == "-1") return;
    // One digit behind the point counts as tens: 9.4 is 9.40.
    rule.version = version;
    const auto point = version.find('.');
    if (point != version.npos && version.size() == point + 2) rule.version += '0';
}

void write_rule(const RedirectionRule& rule, xml::Writer& writer) {
    if (rule.device_class) writer.attribute("class", fmt::format("0x{:02X}", *rule.device_class));
    if (rule.vendor) writer.attribute("vendor", fmt::format("0x{:04X}", *rule.vendor));
    if (rule.product) writer.attribute("product", fmt::format("0x{:04X}", *rule.product));
    if (!rule.version.empty()) writer.attribute("version", rule.version);
}

const auto rule_element = xml::describe<RedirectionRule>(
    "usbdev", xml::by_hand(read_rule, write_rule).holds("@class", "@vendor", "@product", "@version"),
    xml::attribute("allow", &RedirectionRule::allow, xml::yes_no).required());

}  // namespace

const xml::Element<Redirdev> redirdev_element =
    xml::describe<Redirdev>(
        "redirdev",
        xml::attribute("bus", &Redirdev::bus).complain(ErrorCode::config_unsupported, "unknown redirdev bus '{}'"),
        xml::embed(&Redirdev::source, chardev_type_element), xml::embed(&Redirdev::source, chardev_source_element),
        xml::embed(&Redirdev::info, device_info_element))
        .finished_by([](Redirdev& device) {
            if (device.info.has_address() && !device.info.at<UsbAddress>())
                throw Error(ErrorCode::xml_error, "Invalid address for a USB device");
            if (device.source.type == ChardevSource::Type::dbus && device.source.channel.empty())
                device.source.channel = "org.qemu.usbredir";
        });

const xml::Element<RedirectionFilter> redirection_filter_element =
    xml::describe<RedirectionFilter>("redirfilter", xml::children(&RedirectionFilter::rules, rule_element));

}  // namespace innkeeper::model
