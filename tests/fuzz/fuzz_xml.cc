/// A document from a client: whatever is accepted is written and read again to an equal value, and the quick look at it
/// finds the same name.
#include <cstdlib>
#include <string_view>

#include "base/error.h"
#include "model/domain/domain.h"
#include "xml/identity.h"

using namespace innkeeper;

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    model::DomainDef domain;
    try {
        domain = model::parse_domain(text);
    } catch (const Error&) {
        return 0;
    }
    if (model::parse_domain(model::format_domain(domain, {.inactive = true, .secure = true})) != domain) std::abort();
    const auto identity = xml::identity(text);
    if (identity && identity->name != domain.name) std::abort();
    return 0;
}
