#include "base/uri.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"

namespace innkeeper {

namespace {

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

/// RFC 3986: what may stand in a URI, and % only before two hexadecimal digits.
bool is_well_formed(std::string_view text) {
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (is_letter(c) || is_digit(c) || std::string_view("-._~!$&'()*+,;=:@/?#[]").contains(c)) continue;
        if (c == '%' && i + 2 < text.size() && is_hex(text[i + 1]) && is_hex(text[i + 2])) continue;
        return false;
    }
    return true;
}

}  // namespace

Uri Uri::parse(std::string_view text) {
    const auto whole = text;
    const auto fail = [&] {
        throw Error(ErrorCode::internal_error, ErrorDomain::uri, fmt::format("Unable to parse URI {}", whole));
    };
    if (!is_well_formed(text) || std::ranges::count(text, '#') > 1) fail();
    Uri uri;
    const auto stop = text.find_first_of(":/?#");
    if (stop != std::string_view::npos && text[stop] == ':') {
        const auto scheme = text.substr(0, stop);
        if (scheme.empty() || !is_letter(scheme.front()) || !std::ranges::all_of(scheme, [](char c) {
                return is_letter(c) || is_digit(c) || c == '+' || c == '-' || c == '.';
            }))
            fail();
        uri.scheme = scheme;
        text.remove_prefix(stop + 1);
    }
    if (const auto at = text.find('#'); at != std::string_view::npos) {
        uri.fragment = text.substr(at + 1);
        text = text.substr(0, at);
    }
    if (const auto at = text.find('?'); at != std::string_view::npos) {
        uri.query = text.substr(at + 1);
        text = text.substr(0, at);
    }
    if (text.starts_with("//")) {
        text.remove_prefix(2);
        const auto slash = std::min(text.find('/'), text.size());
        uri.authority = text.substr(0, slash);
        text.remove_prefix(slash);
    }
    uri.path = text;
    return uri;
}

}  // namespace innkeeper
