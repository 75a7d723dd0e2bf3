#pragma once

#include <optional>
#include <string>
#include <vector>

#include "model/domain/chardev.h"
#include "model/domain/device_info.h"
#include "xml/description.h"

namespace innkeeper::model {

/// A USB device of the user's that comes through the display connection.
struct Redirdev {
    enum class Bus { usb };
    Bus bus = Bus::usb;
    ChardevSource source;
    DeviceInfo info;
    bool operator==(const Redirdev&) const = default;
};
constexpr auto names_of(Redirdev::Bus) { return xml::names("usb"); }

/// One rule of which devices may come; absent members match any.
struct RedirectionRule {
    std::optional<unsigned> device_class, vendor, product;
    std::string version;  ///< "1.10"
    bool allow = false;
    bool operator==(const RedirectionRule&) const = default;
};

struct RedirectionFilter {
    std::vector<RedirectionRule> rules;
    bool operator==(const RedirectionFilter&) const = default;
};

extern const xml::Element<Redirdev> redirdev_element;
extern const xml::Element<RedirectionFilter> redirection_filter_element;

}  // namespace innkeeper::model
