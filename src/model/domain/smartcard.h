#pragma once

#include <string>
#include <vector>

#include "model/domain/chardev.h"
#include "model/domain/device_info.h"
#include "xml/description.h"

namespace innkeeper::model {

/// A card reader with a card: the host's, one made of certificates, or one that is reached through a channel.
struct Smartcard {
    enum class Mode { host, host_certificates, passthrough };
    Mode mode = Mode::host;
    std::vector<std::string> certificates;  ///< three of them
    std::string database;
    ChardevSource source;  ///< passthrough
    DeviceInfo info;
    bool operator==(const Smartcard&) const = default;
};
constexpr auto names_of(Smartcard::Mode) { return xml::names("host", "host-certificates", "passthrough"); }

extern const xml::Element<Smartcard> smartcard_element;

}  // namespace innkeeper::model
