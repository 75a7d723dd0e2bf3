#include "shutdown/assignments.h"

#include <fmt/format.h>

#include <optional>

namespace innkeeper::shutdown {

namespace {

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_name(char c) { return is_letter(c) || (c >= '0' && c <= '9'); }

class Reader {
  public:
    Reader(std::string_view text, std::string_view file) : text_(text), file_(file) {}

    Assignments read() {
        while (!at_end()) {
            const char c = text_[at_];
            if (c == '\n') {
                ++line_;
                ++at_;
            } else if (is_blank(c) || c == ';') {
                ++at_;
            } else if (text_.substr(at_, 2) == "\\\n") {
                ++line_;
                at_ += 2;
            } else if (c == '#') {
                skip_line();
            } else {
                assignment();
            }
        }
        return std::move(result_);
    }

  private:
    bool at_end() const { return at_ >= text_.size(); }
    void skip_line() { at_ = std::min(text_.find('\n', at_), text_.size()); }

    void refuse(int line, std::string why) {
        result_.complaints.push_back(fmt::format("{}:{}: {}", file_, line, why));
        skip_line();
    }

    void assignment() {
        const int line = line_;
        const auto start = at_;
        while (!at_end() && is_name(text_[at_])) ++at_;
        const std::string name(text_.substr(start, at_ - start));
        if (name == "export" && !at_end() && is_blank(text_[at_])) return;
        if (name.empty() || !is_letter(name.front()) || at_end() || text_[at_] != '=')
            return refuse(line, "expected an assignment NAME=value, without blanks around the '='");
        ++at_;
        if (auto value = word(line, name))
            result_.values.push_back({.name = name, .value = std::move(*value), .line = line});
    }

    /// Up to the blank, the semicolon or the end of the line that no quote protects.
    std::optional<std::string> word(int line, const std::string& name) {
        std::string value;
        char quote = 0;
        for (; !at_end(); ++at_) {
            const char c = text_[at_];
            if (quote == 0 && (is_blank(c) || c == ';' || c == '\n')) break;
            if (c == '\n') ++line_;
            if (quote == 0 && (c == '"' || c == '\'')) {
                quote = c;
            } else if (quote != 0 && c == quote) {
                quote = 0;
            } else if (quote != '\'' && (c == '$' || c == '`')) {
                refuse(line, fmt::format("{}: '{}' would be expanded by a shell, which is not done here; expected a "
                                         "plain value",
                                         name, c));
                return std::nullopt;
            } else if (quote == 0 && std::string_view("()<>|&").contains(c)) {
                refuse(line, fmt::format("{}: '{}' has a meaning for a shell; expected a value, in quotes if it holds "
                                         "such characters",
                                         name, c));
                return std::nullopt;
            } else if (c == '\\' && quote != '\'' && at_ + 1 < text_.size()) {
                escaped(quote, value);
            } else {
                value += c;
            }
        }
        if (quote == 0) return value;
        result_.complaints.push_back(fmt::format("{}:{}: {}: the quote {} is not closed", file_, line, name, quote));
        return std::nullopt;
    }

    /// Within double quotes a backslash protects few characters and stands for itself before all others.
    void escaped(char quote, std::string& value) {
        const char next = text_[++at_];
        if (next == '\n') {
            ++line_;
            return;
        }
        if (quote == '"' && !std::string_view("\"\\$`").contains(next)) value += '\\';
        value += next;
    }

    std::string_view text_, file_;
    std::size_t at_ = 0;
    int line_ = 1;
    Assignments result_;
};

}  // namespace

Assignments parse_assignments(std::string_view text, std::string_view file) { return Reader(text, file).read(); }

}  // namespace innkeeper::shutdown
