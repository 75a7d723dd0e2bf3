#include "model/domain/qemu_namespace.h"

#include <fmt/format.h>

#include <charconv>

#include "xml/parts.h"

namespace innkeeper::model {

namespace {

constexpr std::string_view uri = QemuNamespace::uri;
using Property = QemuNamespace::Property;

std::string word(const xml::Node& node, std::string_view attribute, std::string_view complaint) {
    const auto value = node.attribute(attribute);
    if (!value || value->empty()) throw Error(ErrorCode::internal_error, std::string(complaint));
    return std::string(*value);
}

void read_command_line(const xml::Node& line, QemuNamespace& qemu) {
    for (auto node = line.child(); node; node = node.next()) {
        if (node.namespace_uri() != uri) continue;
        if (node.name() == "arg") {
            const auto value = node.attribute("value");
            if (!value) throw Error(ErrorCode::internal_error, "No qemu command-line argument specified");
            qemu.arguments.emplace_back(*value);
        } else if (node.name() == "env") {
            std::optional<std::string> value;
            if (const auto text = node.attribute("value")) value = *text;
            const auto name = word(node, "name", "No qemu environment name specified");
            if (name.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_") != name.npos)
                throw Error(ErrorCode::internal_error,
                            "Invalid environment name, it must contain only alphanumerics and underscore");
            qemu.environment.push_back({name, value});
        }
    }
}

void read_capabilities(const xml::Node& list, QemuNamespace& qemu) {
    for (auto node = list.child(); node; node = node.next()) {
        if (node.namespace_uri() != uri) continue;
        if (node.name() == "add")
            qemu.added_capabilities.push_back(word(node, "capability", "missing capability name"));
        else if (node.name() == "del")
            qemu.removed_capabilities.push_back(word(node, "capability", "missing capability name"));
    }
}

template <class Number>
bool is_number(std::string_view text) {
    Number value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc{} && end == text.data() + text.size();
}

bool fits(Property::Type type, std::string_view value) {
    switch (type) {
        case Property::Type::signed_:
            return is_number<std::int64_t>(value);
        case Property::Type::unsigned_:
            return is_number<std::uint64_t>(value);
        case Property::Type::bool_:
            return value == "true" || value == "false";
        case Property::Type::string:
        case Property::Type::remove:
            return true;
    }
    return false;
}

Property read_property(const xml::Node& node) {
    const auto refuse = [](std::string sentence) { throw Error(ErrorCode::xml_error, std::move(sentence)); };
    Property property{.name = std::string(node.attribute("name").value_or(""))};
    if (property.name.empty()) refuse("missing 'name' attribute for qemu:property");
    const auto type = node.attribute("type");
    if (!type) refuse("Missing required attribute 'type' in element 'property'");
    property.type = xml::value_of<Property::Type>(*type);
    if (!property.type) refuse(fmt::format("Invalid value for attribute 'type' in element 'property': '{}'.", *type));
    if (*property.type == Property::Type::remove) return property;
    const auto value = node.attribute("value");
    if (!value) refuse("missing 'value' attribute for 'qemu:property'");
    if (!fits(*property.type, *value))
        refuse(fmt::format("invalid value '{}' of 'value' attribute of 'qemu:property'", *value));
    property.value = *value;
    return property;
}

/// Children of the namespace by that name.
template <class Visit>
void for_each(const xml::Node& parent, std::string_view name, Visit visit) {
    for (auto node = parent.child(); node; node = node.next())
        if (node.name() == name && node.namespace_uri() == uri) visit(node);
}

void read_overrides(const xml::Node& list, QemuNamespace& qemu) {
    for_each(list, "device", [&](const xml::Node& device) {
        QemuNamespace::Override one{.alias = std::string(device.attribute("alias").value_or(""))};
        if (one.alias.empty()) throw Error(ErrorCode::xml_error, "missing 'alias' attribute for qemu:device");
        for_each(device, "frontend", [&](const xml::Node& frontend) {
            for_each(frontend, "property",
                     [&](const xml::Node& property) { one.frontend.push_back(read_property(property)); });
        });
        qemu.overrides.push_back(std::move(one));
    });
}

void write_override(const QemuNamespace::Override& device, xml::Writer& writer) {
    writer.open("qemu:device");
    writer.attribute("alias", device.alias);
    writer.open_if_filled("qemu:frontend");
    for (const auto& property : device.frontend) {
        writer.open("qemu:property");
        writer.attribute("name", property.name);
        writer.attribute("type", xml::name(*property.type));
        if (*property.type != Property::Type::remove) writer.attribute("value", property.value);
        writer.close();
    }
    writer.close();
    writer.close();
}

/// The prefix may be any; the namespace counts.
void read(const xml::Node& domain, QemuNamespace& qemu, const xml::ParseFlags&) {
    for (auto node = domain.child(); node; node = node.next()) {
        if (node.qualified_name().find(':') == std::string_view::npos || node.namespace_uri() != uri) continue;
        if (node.name() == "commandline")
            read_command_line(node, qemu);
        else if (node.name() == "capabilities")
            read_capabilities(node, qemu);
        else if (node.name() == "override")
            read_overrides(node, qemu);
        else if (node.name() == "deprecation")
            qemu.deprecation = xml::value_of<QemuNamespace::Deprecation>(node.attribute("behavior").value_or(""));
    }
}

void write_one(xml::Writer& writer, std::string_view tag, std::string_view attribute, const std::string& value) {
    writer.open(tag);
    writer.attribute(attribute, value);
    writer.close();
}

void write(const QemuNamespace& qemu, xml::Writer& writer) {
    writer.open_if_filled("qemu:commandline");
    for (const auto& argument : qemu.arguments) write_one(writer, "qemu:arg", "value", argument);
    for (const auto& variable : qemu.environment) {
        writer.open("qemu:env");
        writer.attribute("name", variable.name);
        if (variable.value) writer.attribute("value", *variable.value);
        writer.close();
    }
    writer.close();
    writer.open_if_filled("qemu:capabilities");
    for (const auto& name : qemu.added_capabilities) write_one(writer, "qemu:add", "capability", name);
    for (const auto& name : qemu.removed_capabilities) write_one(writer, "qemu:del", "capability", name);
    writer.close();
    writer.open_if_filled("qemu:override");
    for (const auto& device : qemu.overrides) write_override(device, writer);
    writer.close();
    if (qemu.deprecation && *qemu.deprecation != QemuNamespace::Deprecation::none)
        write_one(writer, "qemu:deprecation", "behavior", std::string(xml::name(*qemu.deprecation)));
}

}  // namespace

const xml::Element<QemuNamespace> qemu_namespace_parts = xml::describe<QemuNamespace>(
    "domain",
    xml::by_hand(read, write)
        .holds("qemu:commandline/qemu:arg@value", "qemu:commandline/qemu:env@name", "qemu:commandline/qemu:env@value",
               "qemu:capabilities/qemu:add@capability", "qemu:capabilities/qemu:del@capability",
               "qemu:override/qemu:device@alias", "qemu:override/qemu:device/qemu:frontend/qemu:property@name",
               "qemu:override/qemu:device/qemu:frontend/qemu:property@type",
               "qemu:override/qemu:device/qemu:frontend/qemu:property@value", "qemu:deprecation@behavior"));

}  // namespace innkeeper::model
