#include "model/nodedev/net.h"

#include <algorithm>

#include "xml/parts.h"

namespace innkeeper::model::nodedev {

namespace {

const auto feature =
    xml::describe<NetFeature>("feature", xml::attribute("name", &NetFeature::name)
                                             .required(ErrorCode::xml_error, "missing network device feature name")
                                             .complain(ErrorCode::xml_error, "unknown network device feature '{}'"));

const auto capability = xml::describe<NetCapability>(
    "capability", xml::attribute("type", &NetCapability::type)
                      .complain(ErrorCode::config_unsupported, "invalid network type supplied for 'new device'"));

/// They are a set, which is written in the order of their names' numbers.
void order_features(Net& device) {
    std::ranges::sort(device.features, {}, &NetFeature::name);
    const auto rest = std::ranges::unique(device.features);
    device.features.erase(rest.begin(), rest.end());
}

}  // namespace

const xml::Element<Net> net =
    xml::describe<Net>("capability",
                       xml::value("interface", &Net::interface)
                           .required(ErrorCode::internal_error, "no network interface supplied for 'new device'"),
                       xml::value("address", &Net::address), xml::child(&Net::link, link_state),
                       xml::children(&Net::features, feature), xml::child(&Net::capability, capability))
        .finished_by(order_features);

}  // namespace innkeeper::model::nodedev
