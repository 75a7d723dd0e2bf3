#include "drivers/secret/base64.h"

#include <algorithm>
#include <cctype>

namespace innkeeper::secret {

namespace {

constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

}  // namespace

std::string base64(std::span<const std::uint8_t> bytes) {
    std::string text;
    text.reserve((bytes.size() + 2) / 3 * 4);
    for (std::size_t at = 0; at < bytes.size(); at += 3) {
        const std::size_t have = std::min<std::size_t>(3, bytes.size() - at);
        std::uint32_t group = 0;
        for (std::size_t i = 0; i < 3; ++i) group = group << 8 | (i < have ? bytes[at + i] : 0U);
        for (std::size_t i = 0; i < 4; ++i) text += i <= have ? digits[group >> (18 - 6 * i) & 63] : '=';
    }
    return text;
}

std::optional<std::vector<std::uint8_t>> from_base64(std::string_view text) {
    while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back())) != 0) text.remove_suffix(1);
    if (text.size() % 4 != 0) return std::nullopt;
    std::vector<std::uint8_t> bytes;
    bytes.reserve(text.size() / 4 * 3);
    for (std::size_t at = 0; at < text.size(); at += 4) {
        auto group = text.substr(at, 4);
        // Only the last group may be short.
        while (at + 4 == text.size() && group.size() > 2 && group.back() == '=') group.remove_suffix(1);
        std::uint32_t value = 0;
        for (const char c : group) {
            const auto digit = digits.find(c);
            if (digit == digits.npos) return std::nullopt;
            value = value << 6 | static_cast<std::uint32_t>(digit);
        }
        value <<= 6 * (4 - group.size());
        for (std::size_t i = 0; i + 1 < group.size(); ++i)
            bytes.push_back(static_cast<std::uint8_t>(value >> (16 - 8 * i)));
    }
    return bytes;
}

}  // namespace innkeeper::secret
