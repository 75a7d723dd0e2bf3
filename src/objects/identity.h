#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/uuid.h"

namespace innkeeper::objects {

/// What a stored definition is found by.
struct Identity {
    std::string name;
    std::optional<Uuid> uuid;
};

/// Reads only the name and the UUID of a definition, without building a document, and makes sure that it is
/// well-formed to its end. Throws Error (xml_error) naming what is wrong.
Identity read_identity(std::string_view text, std::string_view root);

}  // namespace innkeeper::objects
