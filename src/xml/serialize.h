#pragma once

#include <pugixml.hpp>
#include <string>
#include <string_view>

namespace innkeeper::xml {

/// An element printed again: as the peer prints what is not its own (metadata) with double quotes, or as it prints the
/// rest with single ones; two spaces a level where no text stands
/// between the elements. Prefixes that an ancestor declared are declared on the element. Ends with a newline.
std::string serialize(const pugi::xml_node& element, char quote);

/// The same with the element, and all below it that have no prefix, put into a namespace.
std::string serialize_with_prefix(const pugi::xml_node& element, std::string_view prefix, std::string_view uri);
/// The same with the element's prefix taken off it and off all below it.
std::string serialize_without_prefix(const pugi::xml_node& element);

}  // namespace innkeeper::xml
