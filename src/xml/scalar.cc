#include "xml/scalar.h"

#include <fmt/format.h>

#include "xml/description.h"

namespace innkeeper::xml {

namespace {

template <class N>
bool read_number(std::string_view text, int base, N& value) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\n' || text.front() == '\t'))
        text.remove_prefix(1);
    if (text.starts_with('+')) text.remove_prefix(1);
    if (base == 16 && (text.starts_with("0x") || text.starts_with("0X"))) text.remove_prefix(2);
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
    return error == std::errc{} && end == text.data() + text.size() && !text.empty();
}

bool looks_hexadecimal(const Part& part, std::string_view text) {
    return part.hex_digits && (text.starts_with("0x") || text.starts_with("0X"));
}

}  // namespace

bool read_signed(const Part& part, std::string_view text, std::int64_t low, std::int64_t high, std::int64_t& value) {
    if (!read_number(text, looks_hexadecimal(part, text) ? 16 : 10, value)) return false;
    return value >= std::max(low, part.low) && value <= high && (value < 0 || std::uint64_t(value) <= part.high);
}

bool read_unsigned(const Part& part, std::string_view text, std::uint64_t high, std::uint64_t& value) {
    if (!read_number(text, looks_hexadecimal(part, text) ? 16 : 10, value)) return false;
    return value <= std::min(high, part.high) && (part.low <= 0 || value >= std::uint64_t(part.low));
}

bool read_word(const Part& part, std::string_view text, std::size_t& index) {
    for (index = 0; index < part.words.size(); ++index)
        if (part.words[index] == text && !text.empty()) return true;
    return false;
}

void write_signed(std::int64_t value, std::string& out) { out += fmt::format_int(value).c_str(); }

void write_unsigned(const Part& part, std::uint64_t value, std::string& out) {
    if (part.hex_digits)
        fmt::format_to(std::back_inserter(out), "0x{:0{}x}", value, part.hex_digits);
    else
        out += fmt::format_int(value).c_str();
}

void write_word(const Part& part, std::size_t index, std::string& out) { out += part.words[index]; }

bool ScalarOf<std::string>::read(const Part&, std::string_view text, void* value) {
    *static_cast<std::string*>(value) = text;
    return true;
}
bool ScalarOf<std::string>::write(const Part& part, const void* value, std::string& out) {
    const auto& text = *static_cast<const std::string*>(value);
    out += text;
    return !text.empty() || part.is_kept_empty;
}

bool ScalarOf<bool>::read(const Part& part, std::string_view text, void* value) {
    std::size_t index;
    if (!read_word(part, text, index)) return false;
    *static_cast<bool*>(value) = index != 0;
    return true;
}
bool ScalarOf<bool>::write(const Part& part, const void* value, std::string& out) {
    write_word(part, *static_cast<const bool*>(value), out);
    return true;
}

}  // namespace innkeeper::xml
