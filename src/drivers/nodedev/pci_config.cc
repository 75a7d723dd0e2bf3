#include "drivers/nodedev/pci_config.h"

namespace innkeeper::nodedev {

namespace {

using model::nodedev::PciExpress;

constexpr std::size_t conventional_size = 256;

std::uint32_t number(std::string_view bytes, std::size_t at, std::size_t size) {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < size && at + i < bytes.size(); ++i)
        value |= std::uint32_t{static_cast<std::uint8_t>(bytes[at + i])} << (8 * i);
    return value;
}

/// Where the capability begins; 0 if there is none. A list that runs in circles ends.
std::size_t find_capability(std::string_view config, std::uint32_t wanted) {
    constexpr std::size_t status = 0x06, first = 0x34, most = 48;
    if ((number(config, status, 2) & 0x10) == 0) return 0;
    std::size_t at = number(config, first, 1) & ~3U;
    for (std::size_t seen = 0; at >= 0x40 && at + 2 <= config.size() && seen < most; ++seen) {
        if (number(config, at, 1) == wanted) return at;
        at = number(config, at + 1, 1) & ~3U;
    }
    return 0;
}

PciExpress::Speed speed_of(std::uint32_t value) {
    const auto speed = static_cast<PciExpress::Speed>(value);
    return speed <= PciExpress::Speed::gt_64 ? speed : PciExpress::Speed::none;
}

}  // namespace

PciHeader header_of(std::string_view config) {
    switch (number(config, 0x0e, 1) & 0x7f) {
        case 1:
            return PciHeader::pci_bridge;
        case 2:
            return PciHeader::cardbus_bridge;
        default:
            return PciHeader::device;
    }
}

std::optional<PciExpress> express_of(std::string_view config) {
    constexpr std::uint32_t capability_id = 0x10, integrated_endpoint = 9, integrated_collector = 10;
    const auto at = find_capability(config, capability_id);
    // Only they have more than the conventional space.
    if (at == 0) return config.size() > conventional_size ? std::optional<PciExpress>(std::in_place) : std::nullopt;
    PciExpress express;
    const auto kind = (number(config, at + 2, 2) >> 4) & 0xf;
    if (kind == integrated_endpoint || kind == integrated_collector) return express;  // part of the root: no link
    const auto can = number(config, at + 0x0c, 4), does = number(config, at + 0x12, 2);
    express.links.push_back({"cap", can >> 24, speed_of(can & 0xf), (can >> 4) & 0x3f});
    express.links.push_back({"sta", std::nullopt, speed_of(does & 0xf), (does >> 4) & 0x3f});
    return express;
}

}  // namespace innkeeper::nodedev
