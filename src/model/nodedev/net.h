#pragma once

#include <string>
#include <vector>

#include "model/link_state.h"
#include "xml/description.h"

namespace innkeeper::model::nodedev {

/// What a network card does by itself.
struct NetFeature {
    enum class Name { rx, tx, sg, tso, ufo, gso, gro, lro, rxvlan, txvlan, ntuple, rxhash, rdma, txudptnl, switchdev };
    Name name = Name::rx;
    bool operator==(const NetFeature&) const = default;
};
constexpr auto names_of(NetFeature::Name) {
    return xml::names("rx", "tx", "sg", "tso", "ufo", "gso", "gro", "lro", "rxvlan", "txvlan", "ntuple", "rxhash",
                      "rdma", "txudptnl", "switchdev");
}

struct NetCapability {
    enum class Type { ethernet, wireless };
    Type type = Type::ethernet;
    bool operator==(const NetCapability&) const = default;
};
constexpr auto names_of(NetCapability::Type) { return xml::names("80203", "80211"); }

struct Net {
    std::string interface, address;
    LinkState link;
    std::vector<NetFeature> features;
    std::optional<NetCapability> capability;
    bool operator==(const Net&) const = default;
};

extern const xml::Element<Net> net;

}  // namespace innkeeper::model::nodedev
