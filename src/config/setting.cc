#include "config/setting.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <limits>

#include "base/error.h"
#include "base/log.h"
#include "config/nearest_name.h"

namespace innkeeper::config {

namespace {

std::string_view kind_of(const Value& value) {
    if (const auto* number = std::get_if<Number>(&value.value))
        return number->negative ? "a negative number" : "a number";
    return std::holds_alternative<List>(value.value) ? "a list" : "a string";
}

/// What somebody wrote, and where.
struct Place {
    const Value& value;
    std::string_view name, file;

    [[noreturn]] void expected(std::string_view what, std::string_view instead = {}) const {
        refuse(fmt::format("expected {} for '{}' parameter, not {}", what, name,
                           instead.empty() ? kind_of(value) : instead));
    }
    [[noreturn]] void out_of_range(std::string_view range) const {
        refuse(fmt::format("value for '{}' parameter must be {}", name, range));
    }

  private:
    [[noreturn]] void refuse(std::string_view what) const {
        throw Error(ErrorCode::internal_error, ErrorDomain::conf,
                    fmt::format("{}: {} (line {})", file, what, value.line));
    }
};

bool to_bool(const Place& place) {
    const auto* number = std::get_if<Number>(&place.value.value);
    if (number == nullptr || number->negative) place.expected("a bool");
    if (number->magnitude > 1) place.out_of_range("0 or 1");
    return number->magnitude == 1;
}

template <class U>
U to_unsigned(const Place& place) {
    const auto* number = std::get_if<Number>(&place.value.value);
    if (number == nullptr || number->negative) place.expected("an unsigned integer");
    if (number->magnitude > std::numeric_limits<U>::max())
        place.out_of_range(fmt::format("in range 0:{}", std::numeric_limits<U>::max()));
    return static_cast<U>(number->magnitude);
}

int to_int(const Place& place) {
    const auto* number = std::get_if<Number>(&place.value.value);
    if (number == nullptr) place.expected("a signed integer");
    constexpr auto most = static_cast<std::uint64_t>(std::numeric_limits<int>::max());
    if (number->magnitude > most + (number->negative ? 1 : 0))
        place.out_of_range(
            fmt::format("in range {}:{}", std::numeric_limits<int>::min(), std::numeric_limits<int>::max()));
    const auto magnitude = static_cast<std::int64_t>(number->magnitude);
    return static_cast<int>(number->negative ? -magnitude : magnitude);
}

std::string to_string(const Place& place) {
    const auto* text = std::get_if<std::string>(&place.value.value);
    if (text == nullptr) place.expected("a string");
    return *text;
}

Texts to_texts(const Place& place, std::string_view what) {
    const auto* list = std::get_if<List>(&place.value.value);
    if (list == nullptr) place.expected(what);
    Texts texts;
    for (const auto& item : *list) {
        const auto* text = std::get_if<std::string>(&item.value);
        if (text == nullptr) place.expected(what, fmt::format("a list with {}", kind_of(item)));
        texts.push_back(*text);
    }
    return texts;
}

Names to_names(const Place& place) {
    if (const auto* text = std::get_if<std::string>(&place.value.value)) return {{*text}};
    return {to_texts(place, "a string or string list")};
}

Amount to_amount(const Place& place) {
    if (const auto* text = std::get_if<std::string>(&place.value.value); text != nullptr && *text == "unlimited")
        return {std::nullopt};
    const auto* number = std::get_if<Number>(&place.value.value);
    if (number == nullptr || number->negative) place.expected("an unsigned integer or \"unlimited\"");
    return {number->magnitude};
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
    std::string operator()(const std::uint64_t* value) const { return std::to_string(*value); }
    std::string operator()(const int* value) const { return std::to_string(*value); }
    std::string operator()(const std::string* value) const { return quoted(*value); }
    std::string operator()(const OptionalText* value) const { return quoted(value->value_or("")); }
    std::string operator()(const Texts* value) const { return listed(*value); }
    std::string operator()(const OptionalTexts* value) const { return listed(value->value_or(Texts{})); }
    std::string operator()(const OptionalNames* value) const { return listed(value->value_or(Names{}).names); }
    std::string operator()(const OptionalFlag* value) const { return value->value_or(true) ? "1" : "0"; }
    std::string operator()(const Amount* value) const {
        return value->most ? std::to_string(*value->most) : "\"unlimited\"";
    }
};

/// What a value is called in the manual, and its default; what has none depends on the host or on other settings.
struct TypeAndDefault {
    std::string operator()(const bool* value) const { return fmt::format("0 or 1; default {}", *value ? 1 : 0); }
    std::string operator()(const unsigned* value) const { return fmt::format("number; default {}", *value); }
    std::string operator()(const std::uint64_t* value) const { return fmt::format("number; default {}", *value); }
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
    std::string operator()(const Amount* value) const {
        return fmt::format("number or \"unlimited\"; default {}", DefaultText()(value));
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

void tell(const Remarks& remarks) {
    for (const auto& remark : remarks) log::warning("{}", remark);
}

namespace detail {

void assign(Slot slot, const Value& value, std::string_view name, std::string_view file) {
    struct Assign {
        Place place;
        void operator()(bool* into) const { *into = to_bool(place); }
        void operator()(OptionalFlag* into) const { *into = to_bool(place); }
        void operator()(unsigned* into) const { *into = to_unsigned<unsigned>(place); }
        void operator()(std::uint64_t* into) const { *into = to_unsigned<std::uint64_t>(place); }
        void operator()(int* into) const { *into = to_int(place); }
        void operator()(std::string* into) const { *into = to_string(place); }
        void operator()(OptionalText* into) const { *into = to_string(place); }
        void operator()(Texts* into) const { *into = to_texts(place, "a string list"); }
        void operator()(OptionalTexts* into) const { *into = to_texts(place, "a string list"); }
        void operator()(OptionalNames* into) const { *into = to_names(place); }
        void operator()(Amount* into) const { *into = to_amount(place); }
    };
    std::visit(Assign{{value, name, file}}, slot);
}

std::string no_effect(std::string_view file, int line, std::string_view name, std::string_view reason) {
    return fmt::format("{}:{}: '{}' has no effect: {}", file, line, name, reason);
}

void remark_on_names(const File& file, std::span<const std::string_view> known, Remarks& remarks) {
    for (const auto& repeat : file.repeats)
        remarks.push_back(fmt::format("{}:{}: '{}' is ignored here: the value of line {} stays", file.name, repeat.line,
                                      repeat.name, repeat.first_line));
    for (const auto& [name, value] : file.values) {
        if (std::ranges::find(known, name) != known.end()) continue;
        auto remark = fmt::format("{}:{}: '{}' is no known setting and is ignored", file.name, value.line, name);
        if (const auto nearest = nearest_name(name, known); !nearest.empty())
            remark += fmt::format("; if '{}' is meant, its default stays", nearest);
        remarks.push_back(std::move(remark));
    }
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

std::string manual_entry(std::string_view name, Slot slot, std::string_view sentence, std::string_view reason) {
    return manual_paragraph(name, std::visit(TypeAndDefault{}, slot), sentence) +
           (reason.empty() ? "" : fmt::format("It has no effect in this version: {}.\n", roff(reason)));
}

}  // namespace detail

}  // namespace innkeeper::config
