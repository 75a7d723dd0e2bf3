#include "model/domain/qemu_namespace.h"

#include <fmt/format.h>

#include "xml/parts.h"

namespace innkeeper::model {

namespace {

constexpr std::string_view uri = "http://libvirt.org/schemas/domain/qemu/1.0";

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

/// The prefix may be any; the namespace counts.
void read(const xml::Node& domain, QemuNamespace& qemu, const xml::ParseFlags&) {
    for (auto node = domain.child(); node; node = node.next()) {
        if (node.qualified_name().find(':') == std::string_view::npos || node.namespace_uri() != uri) continue;
        if (node.name() == "commandline")
            read_command_line(node, qemu);
        else if (node.name() == "capabilities")
            read_capabilities(node, qemu);
        else if (node.name() == "override")
            qemu.overrides.push_back({node.source()});
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
    for (const auto& fragment : qemu.overrides) writer.fragment(fragment.source);
    if (qemu.deprecation && *qemu.deprecation != QemuNamespace::Deprecation::none)
        write_one(writer, "qemu:deprecation", "behavior", std::string(xml::name(*qemu.deprecation)));
}

}  // namespace

const xml::Element<QemuNamespace> qemu_namespace_parts = xml::describe<QemuNamespace>(
    "domain", xml::by_hand(read, write)
                  .holds("qemu:commandline/qemu:arg@value", "qemu:commandline/qemu:env@name",
                         "qemu:commandline/qemu:env@value", "qemu:capabilities/qemu:add@capability",
                         "qemu:capabilities/qemu:del@capability", "qemu:override", "qemu:deprecation@behavior"));

}  // namespace innkeeper::model
