#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "xml/description.h"

namespace innkeeper::model {

/// The guest's memory is kept from the host itself, by the processor's means.
struct LaunchSecurity {
    enum class Type { sev, s390_pv };
    std::optional<Type> type;  ///< always there once read

    // sev
    std::optional<bool> kernel_hashes;  ///< of kernel, initrd and command line go into what is attested
    std::optional<unsigned> c_bit_position, reduced_physical_bits;
    std::optional<std::uint32_t> policy;
    std::string owners_certificate;  ///< dhCert: the guest owner's Diffie-Hellman key, in base64
    std::string session;             ///< in base64

    bool operator==(const LaunchSecurity&) const = default;
};
constexpr auto names_of(LaunchSecurity::Type) { return xml::names("sev", "s390-pv"); }

extern const xml::Element<LaunchSecurity> launch_security_element;

}  // namespace innkeeper::model
