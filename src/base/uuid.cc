#include "base/uuid.h"

#include <sys/random.h>

#include <algorithm>
#include <cctype>
#include <cerrno>

#include "base/error.h"

namespace innkeeper {

namespace {

int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

bool is_blank(char c) { return std::isspace(static_cast<unsigned char>(c)) != 0; }

}  // namespace

std::optional<Uuid> Uuid::parse(std::string_view text) {
    while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
    while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
    Uuid uuid;
    std::size_t digits = 0;
    for (const char c : text) {
        if (c == '-') {
            if (digits % 2 != 0) return std::nullopt;
            continue;
        }
        const int value = hex_digit(c);
        if (value < 0 || digits == 32) return std::nullopt;
        uuid.bytes[digits / 2] = static_cast<std::uint8_t>(uuid.bytes[digits / 2] << 4 | value);
        ++digits;
    }
    if (digits != 32) return std::nullopt;
    return uuid;
}

Uuid Uuid::random() {
    Uuid uuid;
    std::size_t have = 0;
    while (have < uuid.bytes.size()) {
        const ssize_t got = ::getrandom(uuid.bytes.data() + have, uuid.bytes.size() - have, 0);
        if (got < 0 && errno != EINTR) throw Error::system(errno, "cannot read random bytes");
        if (got > 0) have += static_cast<std::size_t>(got);
    }
    uuid.bytes[6] = static_cast<std::uint8_t>((uuid.bytes[6] & 0x0f) | 0x40);
    uuid.bytes[8] = static_cast<std::uint8_t>((uuid.bytes[8] & 0x3f) | 0x80);
    return uuid;
}

std::string Uuid::text() const {
    static constexpr char digits[] = "0123456789abcdef";
    std::string text;
    text.reserve(36);
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
        text += digits[bytes[i] >> 4];
        text += digits[bytes[i] & 15];
    }
    return text;
}

bool Uuid::is_valid() const {
    return !std::ranges::all_of(bytes, [this](std::uint8_t b) { return b == bytes[0]; });
}

}  // namespace innkeeper
