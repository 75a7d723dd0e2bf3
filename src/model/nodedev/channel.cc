#include "model/nodedev/channel.h"

#include "model/nodedev/known_capabilities.h"

namespace innkeeper::model::nodedev {

namespace {

using enum ErrorCode;

const auto address =
    xml::describe<ChannelAddress>("channel_dev_addr",
                                  xml::value("cssid", &ChannelAddress::cssid)
                                      .hex(1)
                                      .required(config_unsupported, "missing cssid value for 'new device'")
                                      .complain(config_unsupported, "invalid cssid value '{}' for 'new device'"),
                                  xml::value("ssid", &ChannelAddress::ssid)
                                      .hex(1)
                                      .required(config_unsupported, "missing ssid value for 'new device'")
                                      .complain(config_unsupported, "invalid ssid value '{}' for 'new device'"),
                                  xml::value("devno", &ChannelAddress::devno)
                                      .hex(4)
                                      .required(config_unsupported, "missing devno value for 'new device'")
                                      .complain(config_unsupported, "invalid devno value '{}' for 'new device'"));

const xml::Element<CssCapability> capability = xml::describe<CssCapability>(
    "capability", xml::one_of("type", &CssCapability::kind, xml::alternative("mdev_types", mdev_types)));

}  // namespace

const xml::Element<Ccw> ccw = xml::describe<Ccw>("capability", xml::embed(&Ccw::address, address));

const xml::Element<Css> css =
    xml::describe<Css>("capability", xml::embed(&Css::address, address), xml::child(&Css::device, address),
                       known_capabilities<&Css::capabilities, capability>(&Css::capabilities));

}  // namespace innkeeper::model::nodedev
