#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace innkeeper::model {

/// The six bytes of a network card's address.
struct MacAddress {
    std::array<std::uint8_t, 6> bytes{};

    static constexpr std::string_view pattern = R"(([0-9a-fA-F]{1,2}:){5}[0-9a-fA-F]{1,2})";  ///< what `parse` accepts, for schemas
    /// Six hexadecimal numbers between colons.
    static std::optional<MacAddress> parse(std::string_view text);
    /// One of the range that virtual machines of this kind use, 52:54:00; from the kernel's generator.
    static MacAddress random();
    /// Lower case, two digits each.
    std::string text() const;
    bool is_multicast() const { return bytes[0] & 1; }

    auto operator<=>(const MacAddress&) const = default;
};

}  // namespace innkeeper::model
