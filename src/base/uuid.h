#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <cstring>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace innkeeper {

/// The 16 bytes that name an object for life.
struct Uuid {
    std::array<std::uint8_t, 16> bytes{};

    /// Accepts what the peer accepts: 32 hexadecimal digits, hyphens anywhere between digits, white space around.
    static std::optional<Uuid> parse(std::string_view text);
    /// A random one (RFC 4122, version 4), from the kernel's generator.
    static Uuid random();

    /// Lower case, 8-4-4-4-12.
    std::string text() const;
    /// All zeros or all ones names nothing and is refused where an object is defined.
    bool is_valid() const;

    auto operator<=>(const Uuid&) const = default;
};

}  // namespace innkeeper

template <>
struct std::hash<innkeeper::Uuid> {
    std::size_t operator()(const innkeeper::Uuid& uuid) const noexcept {
        std::uint64_t halves[2];
        std::memcpy(halves, uuid.bytes.data(), sizeof halves);
        return static_cast<std::size_t>(halves[0] ^ (halves[1] * 0x9e3779b97f4a7c15ULL));
    }
};
