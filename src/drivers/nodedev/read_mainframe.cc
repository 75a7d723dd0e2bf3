#include "drivers/nodedev/readers.h"

/// Channels and cryptographic adapters of the mainframe.
namespace innkeeper::nodedev {

using namespace model::nodedev;

namespace {

/// "0.0.1001": channel subsystem, subchannel set, number.
std::optional<ChannelAddress> channel_address(const std::string& text) {
    const auto first = text.find('.'), second = text.find('.', first + 1);
    if (first == text.npos || second == text.npos) return std::nullopt;
    const auto cssid = number(text.substr(0, first), 16), ssid = number(text.substr(first + 1, second - first - 1), 16),
               devno = number(text.substr(second + 1), 16);
    if (!cssid || !ssid || !devno) return std::nullopt;
    return ChannelAddress{*cssid, *ssid, *devno};
}

}  // namespace

std::optional<Device> read_ccw(const UdevDevice& from) {
    const auto address = channel_address(from.name());
    if (!address || from.attribute("online") != "1") return std::nullopt;
    return make_device(from, "ccw", from.name(), {Ccw{*address}});
}

std::optional<Device> read_css(const UdevDevice& from) {
    // Only these lead to devices that a guest can have.
    const auto driver = from.driver();
    const auto address = channel_address(from.name());
    if (!address || (driver != "io_subchannel" && driver != "vfio_ccw")) return std::nullopt;
    Css css{.address = *address, .device = channel_address(from.attribute("dev_busid").value_or(""))};
    if (auto types = read_mdev_types(from)) css.capabilities.push_back({std::move(*types)});
    return make_device(from, "css", from.name(), {std::move(css)});
}

std::optional<Device> read_ap_card(const UdevDevice& from) {
    const auto name = from.name();
    const auto adapter = name.starts_with("card") ? number(name.substr(4), 16) : std::nullopt;
    if (!adapter) return std::nullopt;
    return make_device(from, "ap", name, {ApCard{*adapter}});
}

std::optional<Device> read_ap_queue(const UdevDevice& from) {
    const auto name = from.name();
    const auto dot = name.find('.');
    if (dot == name.npos) return std::nullopt;
    const auto adapter = number(name.substr(0, dot), 16), domain = number(name.substr(dot + 1), 16);
    if (!adapter || !domain) return std::nullopt;
    return make_device(from, "ap", name, {ApQueue{*adapter, *domain}});
}

std::optional<Device> read_ap_matrix(const UdevDevice& from) {
    ApMatrix matrix;
    if (auto types = read_mdev_types(from)) matrix.capabilities.push_back({std::move(*types)});
    return make_device(from, "ap", from.name(), {std::move(matrix)});
}

}  // namespace innkeeper::nodedev
