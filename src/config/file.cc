#include "config/file.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <limits>

#include "base/error.h"
#include "base/files.h"

namespace innkeeper::config {

namespace {

constexpr std::size_t longest_file = 10U << 20;

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

class Parser {
  public:
    Parser(std::string_view text, std::string_view name) : text_(text), name_(name) {}

    File file() {
        File file{.name = std::string(name_), .values = {}, .repeats = {}};
        for (;;) {
            skip_all_space();
            if (at_end()) return file;
            const int line = line_;
            std::string key = name();
            skip_space();
            if (!take('=')) fail("expecting an assignment");
            skip_space();
            const auto [at, is_first] = file.values.try_emplace(std::move(key), value(0));
            if (!is_first) file.repeats.push_back({at->first, line, at->second.line});
            skip_space();
            skip_comment();
            if (at_end()) return file;
            if (!take(';') && !take('\n')) fail("expecting a separator");
        }
    }

  private:
    bool at_end() const { return at_ == text_.size(); }
    char peek() const { return at_end() ? '\0' : text_[at_]; }
    char next() {
        const char c = text_[at_++];
        if (c == '\n') ++line_;
        return c;
    }
    bool take(char c) {
        if (at_end() || text_[at_] != c) return false;
        next();
        return true;
    }
    [[noreturn]] void fail(std::string_view what) const {
        throw Error(ErrorCode::conf_syntax, ErrorDomain::conf, fmt::format("{}:{}: {}", name_, line_, what));
    }

    void skip_space() {
        while (!at_end() && (peek() == ' ' || peek() == '\t')) next();
    }
    void skip_comment() {
        if (at_end() || peek() != '#') return;
        while (!at_end() && peek() != '\n') next();
    }
    void skip_all_space() {
        for (;;) {
            while (!at_end() && (std::isspace(static_cast<unsigned char>(peek())) != 0)) next();
            if (at_end() || peek() != '#') return;
            skip_comment();
        }
    }

    std::string name() {
        if (at_end() || !is_letter(peek())) fail("expecting a name");
        const std::size_t start = at_;
        while (!at_end() && (is_letter(peek()) || is_digit(peek()) || peek() == '_')) next();
        return std::string(text_.substr(start, at_ - start));
    }

    Value value(int depth) {
        const int line = line_;
        if (!at_end()) {
            if (peek() == '"' || peek() == '\'') return {string(), line};
            if (peek() == '[') {
                if (depth > 0) fail("expecting a value");
                return {list(), line};
            }
            if (is_digit(peek()) || peek() == '-' || peek() == '+') return {number(), line};
        }
        fail("expecting a value");
    }

    std::string string() {
        if (text_.substr(at_).starts_with("\"\"\"")) {
            at_ += 3;
            const auto end = text_.find("\"\"\"", at_);
            if (end == std::string_view::npos) fail("unterminated string");
            std::string content(text_.substr(at_, end - at_));
            line_ += static_cast<int>(std::ranges::count(content, '\n'));
            at_ = end + 3;
            return content;
        }
        const char quote = next();
        const std::size_t start = at_;
        while (!at_end() && peek() != quote && peek() != '\n') next();
        if (at_end() || peek() != quote) fail("unterminated string");
        std::string content(text_.substr(start, at_ - start));
        next();
        return content;
    }

    Number number() {
        Number number;
        if (peek() == '-' || peek() == '+') number.negative = next() == '-';
        if (at_end() || !is_digit(peek())) fail("expecting a value");
        while (!at_end() && is_digit(peek())) {
            const auto digit = static_cast<std::uint64_t>(next() - '0');
            // Too large stays too large: whatever setting reads it names its range.
            if (number.magnitude > (std::numeric_limits<std::uint64_t>::max() - digit) / 10)
                number.magnitude = std::numeric_limits<std::uint64_t>::max();
            else
                number.magnitude = number.magnitude * 10 + digit;
        }
        return number;
    }

    List list() {
        List items;
        next();
        skip_all_space();
        while (!at_end() && peek() != ']') {
            items.push_back(value(1));
            skip_all_space();
            if (at_end() || peek() == ']') break;
            if (!take(',')) fail("expecting a separator in list");
            skip_all_space();
        }
        if (!take(']')) fail("list is not closed with ]");
        return items;
    }

    std::string_view text_, name_;
    std::size_t at_ = 0;
    int line_ = 1;
};

}  // namespace

File parse(std::string_view text, std::string_view name) { return Parser(text, name).file(); }

std::optional<File> read_if_there(const std::string& path) {
    const auto text = read_file(path, longest_file);
    return text ? std::optional(parse(*text, path)) : std::nullopt;
}

File read(const std::string& path) {
    auto file = read_if_there(path);
    if (!file) throw Error::system(ENOENT, fmt::format("Failed to open file '{}'", path), ErrorDomain::conf);
    return std::move(*file);
}

}  // namespace innkeeper::config
