#pragma once

#include <string>
#include <string_view>

#include "rpc/codec/procedure.h"

/// What access rules know of an object that does not exist yet.
namespace innkeeper::objects {

/// The one that a document describes. Only its name and UUID are read, without building the document; a UUID that is
/// missing is made up, as the definition's own will be. Throws Error: of a document that cannot be read the peer's
/// complaint, in which `what` names it: "(domain_definition)".
enum class Naming { element, attribute };
protocol::Subject described(std::string_view kind, std::string_view text, std::string_view root, std::string_view what,
                            Naming naming = Naming::element);

/// Documents of which more than the identity has to be read before somebody is asked are not larger than this; throws
/// Error (xml_error) otherwise.
void require_small(std::string_view text);

}  // namespace innkeeper::objects
