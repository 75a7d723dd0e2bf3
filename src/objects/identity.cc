#include "objects/identity.h"

#include <fmt/format.h>

#include "base/error.h"
#include "xml/identity.h"
#include "xml/scanner.h"

namespace innkeeper::objects {

namespace {

[[noreturn]] void fail(std::string what) { throw Error(ErrorCode::xml_error, ErrorDomain::conf, std::move(what)); }

}  // namespace

Identity read_identity(std::string_view text, std::string_view root) {
    auto found = xml::identity(text);
    if (!found || !xml::is_well_formed(text)) fail("the document is not well-formed, or its UUID is malformed");
    if (found->root != root) fail(fmt::format("the root element is not <{}>", root));
    if (found->name.empty()) fail("the definition has no name");
    return {std::move(found->name), found->uuid};
}

}  // namespace innkeeper::objects
