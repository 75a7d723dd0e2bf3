#include "config/setting.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <limits>

#include "base/error.h"
#include "base/log.h"

namespace innkeeper::config {

namespace {

struct Place {
    std::string_view name, file;

    [[noreturn]] void expected(std::string_view what) const {
        throw Error(ErrorCode::internal_error, ErrorDomain::conf,
                    fmt::format("{}: expected {} for '{}' parameter", file, what, name));
    }
    [[noreturn]] void out_of_range(std::string_view range) const {
        throw Error(ErrorCode::internal_error, ErrorDomain::conf,
                    fmt::format("{}: value for '{}' parameter must be {}", file, name, range));
    }
};

bool to_bool(const Value& value, const Place& place) {
    const auto* number = std::get_if<Number>(&value.value);
    if (number == nullptr || number->negative) place.expected("a bool");
    if (number->magnitude > 1) place.out_of_range("0 or 1");
    return number->magnitude == 1;
}

unsigned to_unsigned(const Value& value, const Place& place) {
    const auto* number = std::get_if<Number>(&value.value);
    if (number == nullptr || number->negative) place.expected("an unsigned integer");
    if (number->magnitude > std::numeric_limits<unsigned>::max())
        place.out_of_range(fmt::format("in range 0:{}", std::numeric_limits<unsigned>::max()));
    return static_cast<unsigned>(number->magnitude);
}

int to_int(const Value& value, const Place& place) {
    const auto* number = std::get_if<Number>(&value.value);
    if (number == nullptr) place.expected("a signed integer");
    constexpr auto most = static_cast<std::uint64_t>(std::numeric_limits<int>::max());
    if (number->magnitude > most + (number->negative ? 1 : 0))
        place.out_of_range(
            fmt::format("in range {}:{}", std::numeric_limits<int>::min(), std::numeric_limits<int>::max()));
    const auto magnitude = static_cast<std::int64_t>(number->magnitude);
    return static_cast<int>(number->negative ? -magnitude : magnitude);
}

std::string to_string(const Value& value, const Place& place) {
    const auto* text = std::get_if<std::string>(&value.value);
    if (text == nullptr) place.expected("a string");
    return *text;
}

Texts to_texts(const Value& value, const Place& place, std::string_view what) {
    const auto* list = std::get_if<List>(&value.value);
    if (list == nullptr) place.expected(what);
    Texts texts;
    for (const auto& item : *list) {
        const auto* text = std::get_if<std::string>(&item.value);
        if (text == nullptr) place.expected(what);
        texts.push_back(*text);
    }
    return texts;
}

Names to_names(const Value& value, const Place& place) {
    if (const auto* text = std::get_if<std::string>(&value.value)) return {{*text}};
    return {to_texts(value, place, "a string or string list")};
}

std::string quoted(const std::string& text) { return fmt::format("\"{}\"", text); }

std::string listed(const Texts& texts) {
    std::vector<std::string> items;
    for (const auto& text : texts) items.push_back(quoted(text));
    return fmt::format("[ {} ]", fmt::join(items, ", "));
}

struct DefaultText {
    std::string operator()(const bool* value) const { return *value ? "1" : "0"; }
    std::string operator()(const unsigned* value) const { return std::to_string(*value); }
    std::string operator()(const int* value) const { return std::to_string(*value); }
    std::string operator()(const std::string* value) const { return quoted(*value); }
    std::string operator()(const OptionalText* value) const { return quoted(value->value_or("")); }
    std::string operator()(const Texts* value) const { return listed(*value); }
    std::string operator()(const OptionalTexts* value) const { return listed(value->value_or(Texts{})); }
    std::string operator()(const OptionalNames* value) const { return listed(value->value_or(Names{}).names); }
    std::string operator()(const OptionalFlag* value) const { return value->value_or(true) ? "1" : "0"; }
};

/// What a value is called in the manual, and its default; what has none depends on the host or on other settings.
struct TypeAndDefault {
    std::string operator()(const bool* value) const { return fmt::format("0 or 1; default {}", *value ? 1 : 0); }
    std::string operator()(const unsigned* value) const { return fmt::format("number; default {}", *value); }
    std::string operator()(const int* value) const { return fmt::format("number; default {}", *value); }
    std::string operator()(const std::string* value) const { return fmt::format("text; default {}", quoted(*value)); }
    std::string operator()(const OptionalText* value) const {
        return *value ? fmt::format("text; default {}", quoted(**value)) : "text";
    }
    std::string operator()(const Texts* value) const { return fmt::format("list; default {}", listed(*value)); }
    std::string operator()(const OptionalTexts* value) const {
        return *value ? fmt::format("list; default {}", listed(**value)) : "list";
    }
    std::string operator()(const OptionalNames* value) const {
        return *value ? fmt::format("text or list; default {}", listed((*value)->names)) : "text or list";
    }
    std::string operator()(const OptionalFlag* value) const {
        return *value ? fmt::format("0 or 1; default {}", **value ? 1 : 0) : "0 or 1";
    }
};

/// As man(7) wants it: nothing that it would take for a command or an escape.
std::string roff(std::string_view text) {
    std::string escaped;
    for (const char c : text) {
        if (c == '\\')
            escaped += "\\e";
        else if (c == '-')
            escaped += "\\-";
        else
            escaped += c;
    }
    return escaped.starts_with('.') || escaped.starts_with('\'') ? "\\&" + escaped : escaped;
}

}  // namespace

namespace detail {

void assign(Slot slot, const Value& value, std::string_view name, std::string_view file) {
    const Place place{name, file};
    struct Assign {
        const Value& value;
        const Place& place;
        void operator()(bool* into) const { *into = to_bool(value, place); }
        void operator()(OptionalFlag* into) const { *into = to_bool(value, place); }
        void operator()(unsigned* into) const { *into = to_unsigned(value, place); }
        void operator()(int* into) const { *into = to_int(value, place); }
        void operator()(std::string* into) const { *into = to_string(value, place); }
        void operator()(OptionalText* into) const { *into = to_string(value, place); }
        void operator()(Texts* into) const { *into = to_texts(value, place, "a string list"); }
        void operator()(OptionalTexts* into) const { *into = to_texts(value, place, "a string list"); }
        void operator()(OptionalNames* into) const { *into = to_names(value, place); }
    };
    std::visit(Assign{value, place}, slot);
}

std::string comment(std::string_view sentence) {
    std::string text = "\n# ";
    std::size_t column = 2;
    while (!sentence.empty()) {
        const auto space = sentence.find(' ');
        const auto word = sentence.substr(0, space);
        if (column > 2 && column + word.size() > 79) {
            text += "\n# ";
            column = 2;
        } else if (column > 2) {
            text += ' ';
            ++column;
        }
        text += word;
        column += word.size();
        sentence.remove_prefix(space == std::string_view::npos ? sentence.size() : space + 1);
    }
    return text + '\n';
}

std::string sample_line(std::string_view name, Slot slot, std::string_view sentence) {
    return comment(sentence) + fmt::format("#{} = {}\n", name, std::visit(DefaultText{}, slot));
}

std::string manual_paragraph(std::string_view name, std::string_view what, std::string_view sentence) {
    return fmt::format(".TP\n\\fB{}\\fR ({})\n{}\n", roff(name), roff(what), roff(sentence));
}

std::string manual_entry(std::string_view name, Slot slot, std::string_view sentence, Effect effect) {
    return manual_paragraph(name, std::visit(TypeAndDefault{}, slot), sentence) +
           (effect == Effect::none_yet ? "It is accepted and has no effect in this version.\n" : "");
}

void warn_not_yet(std::string_view name, std::string_view file) {
    log::warning("{}: '{}' is accepted but has no effect in this version", file, name);
}

}  // namespace detail

}  // namespace innkeeper::config
