#include "model/mac_address.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/uuid.h"

#include <charconv>

namespace innkeeper::model {

std::optional<MacAddress> MacAddress::parse(std::string_view text) {
    MacAddress mac;
    const char* at = text.data();
    const char* const last = text.data() + text.size();
    for (std::size_t i = 0; i < mac.bytes.size(); ++i) {
        if (i && (at == last || *at++ != ':')) return std::nullopt;
        const auto [end, error] = std::from_chars(at, last, mac.bytes[i], 16);
        if (error != std::errc{} || end - at > 2) return std::nullopt;
        at = end;
    }
    return at == last ? std::optional(mac) : std::nullopt;
}

MacAddress MacAddress::random() {
    MacAddress mac{{0x52, 0x54, 0x00}};
    const auto noise = Uuid::random().bytes;
    std::copy_n(noise.begin(), 3, mac.bytes.begin() + 3);
    return mac;
}

std::string MacAddress::text() const { return fmt::format("{:02x}", fmt::join(bytes, ":")); }

}  // namespace innkeeper::model
