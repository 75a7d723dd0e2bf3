#include "xml/identity.h"

#include <charconv>

#include "xml/scanner.h"

namespace innkeeper::xml {

namespace {

void append_utf8(std::string& out, unsigned code) {
    if (code < 0x80) {
        out += static_cast<char>(code);
        return;
    }
    const int more = code >= 0x10000 ? 3 : code >= 0x800 ? 2 : 1;
    constexpr unsigned char lead[] = {0, 0xc0, 0xe0, 0xf0};
    out += static_cast<char>(lead[more] | (code >> (6 * more)));
    for (int i = more - 1; i >= 0; --i) out += static_cast<char>(0x80 | ((code >> (6 * i)) & 0x3f));
}

/// Appends text in which each of the ends of lines that XML knows has become a line feed.
void append_lines(std::string& out, std::string_view raw) {
    for (auto at = raw.find('\r'); at != raw.npos; at = raw.find('\r')) {
        out.append(raw.substr(0, at)) += '\n';
        raw.remove_prefix(raw.substr(at).starts_with("\r\n") ? at + 2 : at + 1);
    }
    out += raw;
}

/// Appends raw text with its references replaced, which the scanner has found to be valid.
void append_text(std::string& out, std::string_view raw) {
    while (true) {
        const auto at = raw.find('&');
        append_lines(out, raw.substr(0, at));
        if (at == raw.npos) return;
        raw.remove_prefix(at + 1);
        const auto reference = raw.substr(0, raw.find(';'));
        raw.remove_prefix(reference.size() + 1);
        if (reference == "lt")
            out += '<';
        else if (reference == "gt")
            out += '>';
        else if (reference == "amp")
            out += '&';
        else if (reference == "quot")
            out += '"';
        else if (reference == "apos")
            out += '\'';
        else {
            const bool hex = reference.starts_with("#x");
            unsigned code = 0;
            std::from_chars(reference.data() + (hex ? 2 : 1), reference.data() + reference.size(), code, hex ? 16 : 10);
            append_utf8(out, code);
        }
    }
}

}  // namespace

std::optional<Identity> identity(std::string_view text, const Limits& limits) {
    if (text.size() > limits.bytes) return std::nullopt;
    Identity found;
    std::string uuid;
    bool has_name = false, has_uuid = false, has_title = false;
    std::string* target = nullptr;
    Scanner scanner(text, limits);
    using Token = Scanner::Token;
    while (true) {
        const auto token = scanner.next();
        // The identity stands first in what a daemon wrote; a foreign document is scanned to its end.
        if (token == Token::done ||
            (token == Token::start && has_name && has_uuid && (has_title || scanner.name() == "memory")))
            break;
        switch (token) {
            case Token::fault:
                return std::nullopt;
            case Token::start: {
                const auto name = scanner.name();
                const auto take = [&](bool& had, std::string& to) {
                    if (!had) target = &to;
                    had = true;
                };
                if (scanner.depth() == 1)
                    found.root = name;
                else if (scanner.depth() != 2)
                    break;
                else if (name == "name")
                    take(has_name, found.name);
                else if (name == "uuid")
                    take(has_uuid, uuid);
                else if (name == "title")
                    take(has_title, found.title);
                break;
            }
            case Token::attribute:
                if (scanner.depth() != 1) break;
                if (scanner.name() == "type") append_text(found.type, scanner.value());
                if (scanner.name() == "name") append_text(found.name_attribute, scanner.value());
                break;
            case Token::text:
                if (target) append_text(*target, scanner.value());
                break;
            case Token::literal:
                if (target) append_lines(*target, scanner.value());
                break;
            case Token::end:
                if (scanner.depth() <= 1) target = nullptr;
                break;
            default:
                break;
        }
    }
    if (!is_valid_text(found.name) || !is_valid_text(found.name_attribute) || !is_valid_text(found.title))
        return std::nullopt;
    if (has_uuid && !(found.uuid = Uuid::parse(uuid))) return std::nullopt;
    return found;
}

}  // namespace innkeeper::xml
