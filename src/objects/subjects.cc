#include "objects/subjects.h"

#include <fmt/format.h>

#include <utility>

#include "base/error.h"
#include "xml/identity.h"
#include "xml/node.h"
#include "xml/scanner.h"

namespace innkeeper::objects {

namespace {

constexpr std::size_t small = 64U << 10;

}  // namespace

void require_small(std::string_view text) {
    if (text.size() > small)
        throw Error(ErrorCode::xml_error, ErrorDomain::conf,
                    fmt::format("the document is longer than {} bytes", small));
}

protocol::Subject described(std::string_view kind, std::string_view text, std::string_view root, std::string_view what,
                            Naming naming) {
    auto found = xml::identity(text);
    if (!found || found->root != root || !xml::is_well_formed(text)) {
        // The whole only for the sake of its complaint.
        if (text.size() <= small) xml::Document::parse(text, what).root(root);
        throw Error(ErrorCode::xml_error, ErrorDomain::conf,
                    "the document is not well-formed, or its UUID is malformed");
    }
    return {.kind = kind,
            .by = protocol::Subject::By::identity,
            .name = std::move(naming == Naming::element ? found->name : found->name_attribute),
            .uuid = found->uuid ? *found->uuid : Uuid::random()};
}

}  // namespace innkeeper::objects
