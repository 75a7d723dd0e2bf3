#include "drivers/qemu/complete/fragments.h"

#include <charconv>

#include <fmt/format.h>

#include "xml/node.h"

namespace innkeeper::qemu {
namespace {

xml::Node below(xml::Node node, std::string_view path) {
    while (node && !path.empty()) {
        const std::size_t slash = path.find('/');
        node = node.child(path.substr(0, slash));
        path = slash == std::string_view::npos ? std::string_view() : path.substr(slash + 1);
    }
    return node;
}

}  // namespace

std::string attribute_at(const xml::Fragment& device, std::string_view path, std::string_view name) {
    const xml::Document document = xml::Document::parse(device.source, "(device)");
    return std::string(below(document.root(), path).attribute(name).value_or(""));
}

std::string attribute_of(const xml::Fragment& device, std::string_view name) { return attribute_at(device, {}, name); }

bool has_child(const xml::Fragment& device, std::string_view path) {
    const xml::Document document = xml::Document::parse(device.source, "(device)");
    return static_cast<bool>(below(document.root(), path));
}

std::optional<unsigned> boot_order(const xml::Fragment& device) {
    if (device.source.find("<boot ") == std::string::npos) return std::nullopt;
    const std::string text = attribute_at(device, "boot", "order");
    unsigned order = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), order);
    if (failure != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return order;
}

void append_inside(xml::Fragment& device, std::string_view line) {
    std::string& text = device.source;
    const std::size_t close = text.rfind("</");
    if (close != std::string::npos) {
        text.insert(close, fmt::format("  {}\n", line));
        return;
    }
    // `<hub type='usb'/>`: the element had no content so far.
    const std::size_t end = text.rfind("/>");
    if (end == std::string::npos) return;
    const std::size_t name_end = text.find_first_of(" \n\t/>", 1);
    const std::string name = text.substr(1, name_end - 1);
    text.replace(end, 2, fmt::format(">\n  {}\n</{}>", line, name));
}

void insert_alias(xml::Fragment& device, std::string_view alias) {
    const std::string line = fmt::format("<alias name='{}'/>", alias);
    // The device's own address is the last child of its first level.
    const std::size_t address = device.source.rfind("\n  <address ");
    if (address == std::string::npos)
        append_inside(device, line);
    else
        device.source.insert(address, fmt::format("\n  {}", line));
}

}  // namespace innkeeper::qemu
