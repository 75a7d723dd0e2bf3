#include "xml/writer.h"

namespace innkeeper::xml {

void escape_into(std::string& out, std::string_view text) {
    for (const char c : text) switch (c) {
            case '<':
                out += "&lt;";
                break;
            case '>':
                out += "&gt;";
                break;
            case '&':
                out += "&amp;";
                break;
            case '"':
                out += "&quot;";
                break;
            case '\'':
                out += "&apos;";
                break;
            default:
                if (static_cast<unsigned char>(c) >= 0x20 || c == '\n' || c == '\t' || c == '\r') out += c;
        }
}

void Writer::indent(std::size_t depth) { out_.append(2 * (base_depth_ + depth), ' '); }

void Writer::begin(Level& level, std::size_t depth) {
    indent(depth);
    out_ += '<';
    out_ += level.tag;
    level.state = State::tag_open;
}

/// Makes all levels that wait for content appear, and closes the innermost tag's `>`.
void Writer::enter_content(State state) {
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
    escape_into(out_, value);
    out_ += '\'';
}

void Writer::text(std::string_view value) {
    enter_content(State::has_text);
    escape_into(out_, value);
}

void Writer::fragment(std::string_view source) {
    if (source.empty()) return;
    enter_content(State::has_children);
    while (!source.empty()) {
        const auto end = source.find('\n');
        const auto line = source.substr(0, end);
        if (!line.empty()) indent(levels_.size());
        out_ += line;
        out_ += '\n';
        source.remove_prefix(end == source.npos ? source.size() : end + 1);
    }
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
