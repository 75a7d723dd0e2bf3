#include "xml/scanner.h"

#include <algorithm>
#include <charconv>
#include <cstdint>

namespace innkeeper::xml {

namespace {

bool is_space(char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; }

bool is_name_start(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == ':' || (c & 0x80);
}
bool is_name(char c) { return is_name_start(c) || (c >= '0' && c <= '9') || c == '-' || c == '.'; }

bool is_character(std::uint32_t c) {
    return c == 0x9 || c == 0xa || c == 0xd || (c >= 0x20 && c < 0xd800) || (c >= 0xe000 && c < 0xfffe) ||
           (c >= 0x10000 && c <= 0x10ffff);
}

/// What stands between & and ;.
bool is_reference(std::string_view reference) {
    if (!reference.starts_with('#'))
        return reference == "lt" || reference == "gt" || reference == "amp" || reference == "quot" ||
               reference == "apos";
    reference.remove_prefix(1);
    const bool hex = reference.starts_with('x');
    if (hex) reference.remove_prefix(1);
    std::uint32_t code = 0;
    const auto [end, error] =
        std::from_chars(reference.data(), reference.data() + reference.size(), code, hex ? 16 : 10);
    return !reference.empty() && error == std::errc{} && end == reference.data() + reference.size() &&
           is_character(code);
}

bool references_are_known(std::string_view raw) {
    for (auto at = raw.find('&'); at != raw.npos; at = raw.find('&', at + 1)) {
        const auto end = raw.substr(at, 16).find(';');
        if (end == raw.npos || !is_reference(raw.substr(at + 1, end - 1))) return false;
    }
    return true;
}

}  // namespace

std::size_t valid_part(std::string_view text) {
    const auto* const begin = reinterpret_cast<const unsigned char*>(text.data());
    const auto* p = begin;
    const auto* const end = p + text.size();
    const auto here = [&] { return static_cast<std::size_t>(p - begin); };
    while (p < end) {
        if (*p < 0x80) {
            if (*p < 0x20 && !is_character(*p)) return here();
            ++p;
            continue;
        }
        const int more = *p >= 0xf0 ? 3 : *p >= 0xe0 ? 2 : 1;
        if (*p < 0xc2 || *p > 0xf4 || end - p <= more) return here();
        std::uint32_t code = *p & (0x3f >> more);
        for (int i = 1; i <= more; ++i) {
            if ((p[i] & 0xc0) != 0x80) return here();
            code = code << 6 | (p[i] & 0x3f);
        }
        constexpr std::uint32_t smallest[] = {0, 0x80, 0x800, 0x10000};
        if (code < smallest[more] || !is_character(code)) return here();
        p += more + 1;
    }
    return text.size();
}

bool is_valid_text(std::string_view text) { return valid_part(text) == text.size(); }

Verdict judge(std::string_view text, const Limits& limits) {
    if (text.size() > limits.bytes) return {Verdict::Kind::over_a_limit};
    const auto valid = valid_part(text);
    Scanner scanner(text.substr(0, valid), limits);
    while (true) switch (scanner.next()) {
            case Scanner::Token::done:
                if (valid == text.size()) return {Verdict::Kind::well_formed, valid};
                return {Verdict::Kind::faulty, valid};
            case Scanner::Token::fault:
                return {scanner.passed_a_limit() ? Verdict::Kind::over_a_limit : Verdict::Kind::faulty,
                        scanner.position()};
            default:
                continue;
        }
}

Scanner::Scanner(std::string_view text, const Limits& limits) : text_(text), limits_(limits) {
    if (text_.starts_with("\xef\xbb\xbf")) at_ = 3;
    if (at("<?xml") && at_ + 5 < text_.size() && is_space(text_[at_ + 5]) && !skip("?>")) failed_ = true;
}

Scanner::Token Scanner::fault() {
    failed_ = true;
    return Token::fault;
}

/// Moves behind the next `closing`.
bool Scanner::skip(std::string_view closing) {
    const auto end = text_.find(closing, at_);
    if (end == text_.npos) return false;
    at_ = end + closing.size();
    return true;
}

void Scanner::skip_space() {
    while (at_ < text_.size() && is_space(text_[at_])) ++at_;
}

bool Scanner::take_name(std::string_view& name) {
    const auto begin = at_;
    if (begin >= text_.size() || !is_name_start(text_[begin])) return false;
    while (at_ < text_.size() && is_name(text_[at_])) ++at_;
    name = text_.substr(begin, at_ - begin);
    const auto colon = name.find(':');
    return colon == name.npos || (colon > 0 && colon + 1 < name.size() && name.find(':', colon + 1) == name.npos);
}

Scanner::Token Scanner::next() {
    if (failed_) return Token::fault;
    if (in_tag_) return tag_rest();
    if (closing_) {  // the end of an element that closed itself
        closing_ = false;
        name_ = open_.back().name;
        leave();
        return Token::end;
    }
    while (at_ < text_.size()) {
        if (text_[at_] != '<') {
            const auto token = character_data();
            if (token == Token::text && open_.empty()) continue;
            return token;
        }
        if (at("<!--")) {
            if (!comment()) return fault();
        } else if (at("<?")) {
            if (!instruction()) return fault();
        } else if (at("<![CDATA[")) {
            const auto begin = at_ += 9;
            if (open_.empty() || !skip("]]>")) return fault();
            value_ = text_.substr(begin, at_ - 3 - begin);
            return Token::literal;
        } else if (at("<!DOCTYPE")) {
            passed_a_limit_ = true;
            return fault();
        } else {
            return at("</") ? end_tag() : start_tag();
        }
    }
    return open_.empty() && had_root_ ? Token::done : fault();
}

bool Scanner::comment() {
    at_ += 4;
    const auto end = text_.find("--", at_);
    if (end == text_.npos || text_.substr(end, 3) != "-->") return false;
    at_ = end + 3;
    return true;
}

bool Scanner::instruction() {
    at_ += 2;
    std::string_view target;
    return take_name(target) && target != "xml" && skip("?>");
}

Scanner::Token Scanner::character_data() {
    const auto begin = at_;
    at_ = std::min(text_.find('<', at_), text_.size());
    value_ = text_.substr(begin, at_ - begin);
    if (open_.empty() && !std::ranges::all_of(value_, is_space)) return fault();
    return references_are_known(value_) && value_.find("]]>") == value_.npos ? Token::text : fault();
}

Scanner::Token Scanner::start_tag() {
    ++at_;
    passed_a_limit_ = open_.size() >= limits_.depth;
    if (passed_a_limit_ || (open_.empty() && had_root_) || !take_name(name_)) return fault();
    had_root_ = in_tag_ = true;
    open_.push_back({name_});
    attributes_.clear();
    return Token::start;
}

void Scanner::leave() {
    namespaces_ -= open_.back().namespaces;
    open_.pop_back();
}

Scanner::Token Scanner::end_tag() {
    at_ += 2;
    if (!take_name(name_) || open_.empty() || open_.back().name != name_) return fault();
    skip_space();
    if (!at(">")) return fault();
    ++at_;
    leave();
    return Token::end;
}

Scanner::Token Scanner::tag_rest() {
    const auto before = at_;
    skip_space();
    if (at(">") || at("/>")) {
        if (duplicates_an_attribute()) return fault();
        closing_ = at("/>");
        at_ += closing_ ? 2 : 1;
        in_tag_ = false;
        return Token::inside;
    }
    passed_a_limit_ = attributes_.size() >= limits_.attributes_per_element;
    if (passed_a_limit_ || at_ == before || !take_name(name_)) return fault();
    attributes_.push_back(name_);
    if (name_.starts_with("xmlns")) {
        passed_a_limit_ = ++namespaces_ > limits_.namespaces;
        ++open_.back().namespaces;
        if (passed_a_limit_) return fault();
    }
    skip_space();
    if (!at("=")) return fault();
    ++at_;
    skip_space();
    if (!at("'") && !at("\"")) return fault();
    const char quote = text_[at_++];
    const auto begin = at_;
    if (!skip({&quote, 1})) return fault();
    value_ = text_.substr(begin, at_ - 1 - begin);
    return value_.find('<') == value_.npos && references_are_known(value_) ? Token::attribute : fault();
}

bool Scanner::duplicates_an_attribute() {
    std::ranges::sort(attributes_);
    return std::ranges::adjacent_find(attributes_) != attributes_.end();
}

}  // namespace innkeeper::xml
