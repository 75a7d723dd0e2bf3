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

    /// Six hexadecimal numbers between colons.
    static std::optional<MacAddress> parse(std::string_view text);
    /// Lower case, two digits each.
    std::string text() const;
    bool is_multicast() const { return bytes[0] & 1; }

    auto operator<=>(const MacAddress&) const = default;
};

}  // namespace innkeeper::model
