#pragma once

// Private to this room: brings pugixml along.

#include <cstdint>
#include <pugixml.hpp>
#include <string_view>
#include <vector>

namespace innkeeper::xml {

/// A parsed document and an index of its elements. A reader asks every element for dozens of children and attributes
/// that mostly are not there, and would otherwise compare names along the whole list of nodes each time.
struct ElementTree {
    struct Attribute {
        std::string_view name, value;
    };
    /// Elements stand in the document's order, each before all below it.
    struct Element {
        pugi::xml_node_struct* node;
        std::string_view name;
        std::uint32_t size = 1;  ///< elements from this one to the end of what is below it
        std::uint32_t up = 0;    ///< how far before it its parent stands; 0: it is the root
        std::uint32_t attribute_count = 0;
        const Attribute* attributes = nullptr;
        std::uint64_t child_names = 0;  ///< a bit for each name of a child: mark_of

        const Element* parent() const { return up != 0 ? this - up : nullptr; }
        const Element* first_child() const { return size > 1 ? this + 1 : nullptr; }
        const Element* next_sibling() const {
            const Element* const next = this + size;
            return up != 0 && next < parent() + parent()->size ? next : nullptr;
        }
    };

    /// One of 64 bits: a name whose bit is missing is not there.
    static std::uint64_t mark_of(std::string_view name) {
        const auto sum =
            name.size() * 11 + static_cast<unsigned char>(name.front()) * 3U + static_cast<unsigned char>(name.back());
        return std::uint64_t{1} << (sum % 64);
    }

    /// To be called once the document is loaded, with the text that it came from.
    void index(std::string_view text);

    pugi::xml_document document;
    std::vector<Element> elements;

  private:
    void add(pugi::xml_node node, std::uint32_t parent);
    std::vector<Attribute> attributes_;
};

}  // namespace innkeeper::xml
