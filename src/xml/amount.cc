#include "xml/amount.h"

#include <fmt/format.h>

#include <cctype>

#include "base/error.h"
#include "base/no_domain.h"

namespace innkeeper::xml {

namespace {

bool same_word(std::string_view a, std::string_view b) {
    if (a.size() != b.size()) return false;
    for (std::size_t i = 0; i < a.size(); ++i)
        if (std::tolower(static_cast<unsigned char>(a[i])) != b[i]) return false;
    return true;
}

}  // namespace

std::uint64_t bytes_in(std::string_view unit, std::string_view otherwise) {
    if (unit.empty()) unit = otherwise;
    if (same_word(unit, "b") || same_word(unit, "byte") || same_word(unit, "bytes")) return 1;
    constexpr std::string_view prefixes = "kmgtpe";
    const auto power = prefixes.find(static_cast<char>(std::tolower(static_cast<unsigned char>(unit[0]))));
    const auto rest = unit.substr(1);
    const bool binary = rest.empty() || same_word(rest, "ib");
    if (power == prefixes.npos || (!binary && !same_word(rest, "b")))
        throw Error(ErrorCode::invalid_arg, no_domain, fmt::format("unknown suffix '{}'", unit));
    std::uint64_t bytes = 1;
    for (std::size_t i = 0; i <= power; ++i) bytes *= binary ? 1024 : 1000;
    return bytes;
}

std::uint64_t convert_amount(std::uint64_t count, std::string_view from, std::string_view to) {
    const std::uint64_t scale = bytes_in(from, to), step = bytes_in(to, to);
    // Bytes are signed numbers everywhere below us.
    constexpr std::uint64_t most = ~0ULL >> 1;
    std::uint64_t bytes, padded;
    if (__builtin_mul_overflow(count, scale, &bytes) || bytes > most ||
        __builtin_add_overflow(bytes, step - 1, &padded))
        throw Error(ErrorCode::overflow, no_domain, fmt::format("value too large: {}{}", count, from));
    return padded / step;
}

}  // namespace innkeeper::xml
