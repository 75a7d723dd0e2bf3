#include <fmt/format.h>

#include <charconv>

#include "drivers/qemu/command/builder.h"
#include "xml/node.h"

/// `<qemu:override>`: members of a device that the user sets or takes away, whatever the model says.
namespace innkeeper::qemu {

namespace {

template <class Number>
Number number(std::string_view name, std::string_view text) {
    Number value{};
    if (std::from_chars(text.data(), text.data() + text.size(), value).ptr != text.data() + text.size() || text.empty())
        unsupported(fmt::format("invalid value '{}' of property '{}' in <qemu:override>", text, name));
    return value;
}

/// Null: the member goes.
boost::json::value value_of(std::string_view name, std::string_view type, std::string_view text) {
    if (type == "string") return boost::json::string(text);
    if (type == "signed") return number<std::int64_t>(name, text);
    if (type == "unsigned") return number<std::uint64_t>(name, text);
    if (type == "bool") return text == "true";
    if (type == "remove") return nullptr;
    unsupported(fmt::format("unknown type '{}' of property '{}' in <qemu:override>", type, name));
}

/// The prefix of the namespace is the user's, so that children are told by their own name.
template <class Visit>
void for_each(const xml::Node& parent, std::string_view name, Visit visit) {
    for (xml::Node node = parent.child(); node; node = node.next())
        if (node.name() == name) visit(node);
}

}  // namespace

void prepare_overrides(Builder& b) {
    for (const xml::Fragment& fragment : b.domain.qemu.overrides) {
        const xml::Document document = xml::Document::parse(fragment.source, "(override)");
        for_each(document.root(), "device", [&](const xml::Node& device) {
            auto& members = b.overrides[std::string(device.attribute("alias").value_or(""))];
            for_each(device, "frontend", [&](const xml::Node& frontend) {
                for_each(frontend, "property", [&](const xml::Node& property) {
                    const std::string name(property.attribute("name").value_or(""));
                    members.emplace_back(name, value_of(name, property.attribute("type").value_or(""),
                                                        property.attribute("value").value_or("")));
                });
            });
        });
    }
}

}  // namespace innkeeper::qemu
