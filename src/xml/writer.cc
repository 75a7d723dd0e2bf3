#include "xml/writer.h"

#include <array>

#include "xml/scanner.h"

namespace innkeeper::xml {

namespace {

/// An element of a fragment, in the order of their starts.
struct Scanned {
    unsigned texts = 0, elements = 0;
    bool has_words = false;
    /// Whether what stands between its children is content. The same as the serializer's question.
    bool has_text() const { return has_words || (texts == 1 && elements == 0); }
};

bool is_blank(std::string_view text) { return text.find_first_not_of(" \t\r\n") == text.npos; }

/// Calls `text(element's number, value)` for each text, and counts.
template <class Text>
std::vector<Scanned> scan(std::string_view source, Text text) {
    std::vector<Scanned> all;
    std::vector<std::size_t> open;
    Scanner scanner(source);
    using Token = Scanner::Token;
    for (auto token = scanner.next(); token != Token::done && token != Token::fault; token = scanner.next()) {
        if (token == Token::start) {
            if (!open.empty()) ++all[open.back()].elements;
            open.push_back(all.size());
            all.emplace_back();
        } else if (token == Token::end) {
            open.pop_back();
        } else if (token == Token::text || token == Token::literal) {
            auto& element = all[open.back()];
            const auto value = scanner.value();
            ++element.texts;
            element.has_words |= !is_blank(value) || token == Token::literal;
            text(open, value);
        }
    }
    return all;
}

/// Where lines of the fragment begin that are lines for the sake of layout alone: they may be indented further without
/// changing what the document says.
std::vector<std::size_t> layout_lines(std::string_view source) {
    const auto elements = scan(source, [](const auto&, std::string_view) {});
    std::vector<std::size_t> lines;
    scan(source, [&](const std::vector<std::size_t>& open, std::string_view value) {
        for (const auto element : open)
            if (elements[element].has_text()) return;
        // All blanks: the last line of it is the one that the next tag stands in.
        const auto end = value.rfind('\n');
        if (end != value.npos) lines.push_back(static_cast<std::size_t>(value.data() - source.data()) + end + 1);
    });
    return lines;
}

/// What stands for a character in the document; itself if this has no data. (The peer writes blanks as they are, and
/// a reader takes the return for the end of a line, and those in attributes for spaces.)
using Replacements = std::array<std::string_view, 256>;
constexpr Replacements text_replacements = [] {
    Replacements table{};
    for (unsigned c = 0; c < 0x20; ++c)
        if (c != '\n' && c != '\t') table[c] = "";
    table['\r'] = "&#13;";
    table['<'] = "&lt;";
    table['>'] = "&gt;";
    table['&'] = "&amp;";
    table['"'] = "&quot;";
    table['\''] = "&apos;";
    return table;
}();
constexpr Replacements attribute_replacements = [] {
    Replacements table = text_replacements;
    table['\n'] = "&#10;";
    table['\t'] = "&#9;";
    return table;
}();

void escape_into(std::string& out, std::string_view text, const Replacements& replacements) {
    std::size_t plain = 0;
    for (std::size_t at = 0; at < text.size(); ++at) {
        const auto replacement = replacements[static_cast<unsigned char>(text[at])];
        if (replacement.data() == nullptr) continue;
        out.append(text, plain, at - plain);
        out += replacement;
        plain = at + 1;
    }
    out.append(text, plain);
}

}  // namespace

void escape_into(std::string& out, std::string_view text) { escape_into(out, text, text_replacements); }

void Writer::indent(std::size_t depth) { out_.append(2 * (base_depth_ + depth), ' '); }

void Writer::begin(Level& level, std::size_t depth) {
    indent(depth);
    out_ += '<';
    out_ += level.tag;
    level.state = State::tag_open;
}

/// Makes all levels that wait for content appear, and closes the innermost tag's `>`.
void Writer::enter_content(State state) {
    // Then those around it have been written long ago.
    if (!levels_.empty() && levels_.back().state == state) return;
    for (std::size_t depth = 0; depth < levels_.size(); ++depth) {
        Level& level = levels_[depth];
        const bool innermost = depth + 1 == levels_.size();
        if (level.state == State::pending) begin(level, depth);
        if (innermost && state == State::tag_open) return;
        if (level.state == State::tag_open) {
            level.state = innermost ? state : State::has_children;
            out_ += level.state == State::has_text ? ">" : ">\n";
        }
    }
}

void Writer::open(std::string_view tag) {
    enter_content(State::has_children);
    levels_.push_back({tag, State::pending});
    begin(levels_.back(), levels_.size() - 1);
}

void Writer::open_if_filled(std::string_view tag) { levels_.push_back({tag, State::pending}); }

void Writer::attribute(std::string_view name, std::string_view value) {
    enter_content(State::tag_open);
    out_ += ' ';
    out_ += name;
    out_ += "='";
    escape_into(out_, value, attribute_replacements);
    out_ += '\'';
}

void Writer::text(std::string_view value) {
    enter_content(State::has_text);
    escape_into(out_, value);
}

void Writer::fragment(std::string_view source) {
    if (source.empty()) return;
    enter_content(State::has_children);
    indent(levels_.size());
    std::size_t done = 0;
    for (const auto line : layout_lines(source)) {
        out_ += source.substr(done, line - done);
        indent(levels_.size());
        done = line;
    }
    out_ += source.substr(done);
    if (!source.ends_with('\n')) out_ += '\n';
}

void Writer::close() {
    const Level level = levels_.back();
    levels_.pop_back();
    switch (level.state) {
        case State::pending:
            return;
        case State::tag_open:
            out_ += "/>\n";
            return;
        case State::has_children:
            indent(levels_.size());
            [[fallthrough]];
        case State::has_text:
            out_ += "</";
            out_ += level.tag;
            out_ += ">\n";
    }
}

void Writer::leaf(std::string_view tag, std::string_view value) {
    open(tag);
    text(value);
    close();
}

void Writer::leaf(std::string_view tag) {
    open(tag);
    close();
}

}  // namespace innkeeper::xml
