#pragma once

#include <string_view>

#include "base/error.h"
#include "xml/node.h"

namespace innkeeper::xml {

/// The sentence with which a document that was refused is sent back: which line, what is wrong there, the line itself
/// and a mark under the place. Clients show it and people search for it, so it is libxml2's, which reads the refused
/// text once more for this alone, up to the first fault (which our own scanner found at or before `position`), with the
/// network and all entities shut off.
Error complaint_about(std::string_view text, std::size_t position, std::string_view what, const Limits& limits);

/// The same for a document that passes a limit. Nobody else gets to read it: libxml2 takes time with the square of the
/// number of attributes.
Error complaint_about_limits(std::string_view what, const Limits& limits);

}  // namespace innkeeper::xml
