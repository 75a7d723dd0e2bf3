#pragma once

#include <optional>
#include <variant>
#include <vector>

#include "model/nodedev/mdev.h"
#include "xml/description.h"

/// Devices of the mainframe's channel subsystem.
namespace innkeeper::model::nodedev {

struct ChannelAddress {
    unsigned cssid = 0, ssid = 0, devno = 0;
    bool operator==(const ChannelAddress&) const = default;
};

struct Ccw {
    ChannelAddress address;
    bool operator==(const Ccw&) const = default;
};

struct CssCapability {
    std::variant<std::monostate, MdevTypes> kind;
    bool operator==(const CssCapability&) const = default;
};

/// A subchannel.
struct Css {
    ChannelAddress address;
    std::optional<ChannelAddress> device;  ///< what it leads to
    std::vector<CssCapability> capabilities;
    bool operator==(const Css&) const = default;
};

extern const xml::Element<Ccw> ccw;
extern const xml::Element<Css> css;

}  // namespace innkeeper::model::nodedev
