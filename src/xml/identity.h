#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/uuid.h"
#include "xml/node.h"

namespace innkeeper::xml {

/// What a definition calls itself. Found by looking at the top level only, without building anything: a few
/// microseconds for a file, which is what makes ten thousand of them a short start, and the bounded first step before
/// the access check.
struct Identity {
    std::string root;  ///< the root element's name
    std::string type;  ///< its `type` attribute
    std::string name_attribute;
    std::string name, title;
    std::optional<Uuid> uuid;

    bool operator==(const Identity&) const = default;
};

/// Nothing if the text is not a well-formed document up to where name, uuid and title have been seen (or the end); what
/// is behind is not looked at. A reader that needs to know why parses the whole and gets the complaint.
std::optional<Identity> identity(std::string_view text, const Limits& limits = {});

}  // namespace innkeeper::xml
