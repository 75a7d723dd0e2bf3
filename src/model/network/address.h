#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace innkeeper::model {

/// An IPv4 or IPv6 address, or a mask, in the spelling that the system gives it. A text that is no address is kept as
/// it came: whoever knows the network's name refuses it (`is_valid`).
class NetworkAddress {
  public:
    NetworkAddress() = default;
    /// Always a value. Short forms are understood: "10.1" is 10.0.0.1.
    static std::optional<NetworkAddress> parse(std::string_view text);

    const std::string& text() const { return text_; }
    bool is_valid() const { return size_ != 0; }
    bool is_ipv4() const { return size_ == 4; }
    bool is_ipv6() const { return size_ == 16; }
    /// How many bits an address of this family has.
    unsigned bits() const { return size_ * 8u; }

    /// As a mask: how many ones it begins with; nothing if another one follows a zero.
    std::optional<unsigned> mask_bits() const;
    /// How many bits of an IPv4 address its class makes the network's; nothing for classes D and E.
    std::optional<unsigned> class_bits() const;
    bool is_in_subnet_of(const NetworkAddress& network, unsigned prefix) const;
    /// All bits after the prefix are zeros, or ones.
    bool is_first(unsigned prefix) const { return has_tail(prefix, false); }
    bool is_last(unsigned prefix) const { return has_tail(prefix, true); }
    /// How many addresses there are from this one to `end`, both counted, up to 65536; 0 if `end` is before it.
    std::uint32_t count_to(const NetworkAddress& end) const;

    bool operator==(const NetworkAddress&) const = default;

  private:
    bool bit(unsigned index) const { return (bytes_[index / 8] >> (7 - index % 8)) & 1; }
    bool has_tail(unsigned prefix, bool value) const;

    std::string text_;
    std::array<std::uint8_t, 16> bytes_{};
    std::uint8_t size_ = 0;
};

}  // namespace innkeeper::model
