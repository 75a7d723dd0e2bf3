#include "drivers/nodedev/net_features.h"
#include "drivers/nodedev/readers.h"
#include "host/link.h"

namespace innkeeper::nodedev {

using namespace model::nodedev;

std::optional<Device> read_net(const UdevDevice& from) {
    const auto name = from.name();
    const auto link = host::read_link(name);
    // A tunnel may say that it has no address; any other without one is not there yet.
    const auto address = from.attribute("address").value_or("");
    if (!link || (address.empty() && from.attribute("addr_len") != "0")) return std::nullopt;
    Net net{.interface = name, .address = address};
    net.link = {link->speed, xml::value_of<model::LinkState::State>(link->state)};
    if (!net.link.state) return std::nullopt;
    net.features = read_features(name);
    net.capability = {from.type() == "wlan" ? NetCapability::Type::wireless : NetCapability::Type::ethernet};
    return make_device(from, "net", address.empty() ? name : name + "_" + address, {std::move(net)});
}

}  // namespace innkeeper::nodedev
