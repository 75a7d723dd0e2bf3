#include "xml/tree.h"

#include <algorithm>

namespace innkeeper::xml {

namespace {

pugi::xml_node element_from(pugi::xml_node node) {
    while (node && node.type() != pugi::node_element) node = node.next_sibling();
    return node;
}

}  // namespace

void ElementTree::add(pugi::xml_node node, std::uint32_t parent) {
    const auto place = static_cast<std::uint32_t>(elements.size());
    Element& element = elements.emplace_back(Element{.node = node.internal_object(), .name = node.name()});
    if (place > 0) {
        element.up = place - parent;
        elements[parent].child_names |= mark_of(element.name);
    }
    for (auto attribute = node.first_attribute(); attribute; attribute = attribute.next_attribute()) {
        attributes_.push_back({attribute.name(), attribute.value()});
        ++element.attribute_count;
    }
}

void ElementTree::index(std::string_view text) {
    pugi::xml_node node = document.document_element();
    if (!node) return;
    // At most so many, and never twice as much memory because a list had to grow.
    elements.reserve(static_cast<std::size_t>(std::ranges::count(text, '<')));
    attributes_.reserve(static_cast<std::size_t>(std::ranges::count(text, '=')));
    add(node, 0);
    // Down, along, and up again: no recursion.
    for (std::uint32_t at = 0;;) {
        if (const auto child = element_from(node.first_child())) {
            node = child;
            add(node, at);
            at = static_cast<std::uint32_t>(elements.size() - 1);
            continue;
        }
        for (;;) {
            elements[at].size = static_cast<std::uint32_t>(elements.size() - at);
            if (elements[at].up == 0) goto done;
            const std::uint32_t parent = at - elements[at].up;
            if (const auto next = element_from(node.next_sibling())) {
                node = next;
                add(node, parent);
                at = static_cast<std::uint32_t>(elements.size() - 1);
                break;
            }
            at = parent;
            node = pugi::xml_node(elements[at].node);
        }
    }
done:
    // Now that the list does not move any more.
    const Attribute* attributes = attributes_.data();
    for (auto& element : elements) {
        element.attributes = attributes;
        attributes += element.attribute_count;
    }
}

}  // namespace innkeeper::xml
