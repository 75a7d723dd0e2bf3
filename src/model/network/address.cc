#include "model/network/address.h"

#include <arpa/inet.h>

#include <algorithm>

namespace innkeeper::model {

std::optional<NetworkAddress> NetworkAddress::parse(std::string_view text) {
    NetworkAddress address;
    address.text_ = text;
    char spelling[INET6_ADDRSTRLEN];
    in_addr four;
    if (::inet_pton(AF_INET6, address.text_.c_str(), address.bytes_.data()) == 1) {
        address.size_ = 16;
        address.text_ = ::inet_ntop(AF_INET6, address.bytes_.data(), spelling, sizeof spelling);
    } else if (!text.empty() && !text.contains(' ') && ::inet_aton(address.text_.c_str(), &four) != 0) {
        address.size_ = 4;
        std::copy_n(reinterpret_cast<const std::uint8_t*>(&four), 4, address.bytes_.begin());
        address.text_ = ::inet_ntop(AF_INET, address.bytes_.data(), spelling, sizeof spelling);
    }
    return address;
}

std::optional<unsigned> NetworkAddress::mask_bits() const {
    unsigned ones = 0;
    while (ones < bits() && bit(ones)) ++ones;
    for (unsigned index = ones; index < bits(); ++index)
        if (bit(index)) return std::nullopt;
    return ones;
}

std::optional<unsigned> NetworkAddress::class_bits() const {
    if (!bit(0)) return 8;
    if (!bit(1)) return 16;
    if (!bit(2)) return 24;
    return std::nullopt;
}

bool NetworkAddress::is_in_subnet_of(const NetworkAddress& network, unsigned prefix) const {
    if (size_ != network.size_) return false;
    for (unsigned index = 0; index < std::min(prefix, bits()); ++index)
        if (bit(index) != network.bit(index)) return false;
    return true;
}

bool NetworkAddress::has_tail(unsigned prefix, bool value) const {
    for (unsigned index = prefix; index < bits(); ++index)
        if (bit(index) != value) return false;
    return true;
}

std::uint32_t NetworkAddress::count_to(const NetworkAddress& end) const {
    constexpr std::uint32_t most = 65536;
    if (end.bytes_ < bytes_) return 0;
    // All but the last two bytes must be the same or one apart for the distance to fit.
    std::uint64_t distance = 0;
    for (unsigned index = 0; index < size_; ++index) {
        // A step of a higher byte counts for as many of the lower ones as are still to come.
        const std::int64_t step = static_cast<std::int64_t>(distance * 256) + end.bytes_[index] - bytes_[index];
        if (step > most) return most;
        distance = static_cast<std::uint64_t>(step);
    }
    return std::min<std::uint64_t>(distance + 1, most);
}

}  // namespace innkeeper::model
