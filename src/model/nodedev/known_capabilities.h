#pragma once

#include <algorithm>
#include <vector>

#include "xml/parts.h"

namespace innkeeper::model::nodedev {

/// The capabilities within a device's own: those of a type that is not known are passed over, as in the peer, where
/// elsewhere an unknown word is an error. They stand in the order of their types. `Capability::kind` is a variant of
/// which the first type is none.
template <auto member, const auto& element, class Owner, class Capability>
xml::PartOf<Owner> known_capabilities(std::vector<Capability> Owner::*) {
    const auto read = [](const xml::Node& node, Owner& owner, const xml::ParseFlags& flags) {
        auto& all = owner.*member;
        for (auto child = node.child("capability"); child; child = child.next("capability")) {
            const auto type = child.attribute("type");
            if (!type) throw Error(ErrorCode::xml_error, "Missing capability type");
            const auto& known = element.parts.front().alternatives;
            if (std::ranges::find(known, *type, &xml::Alternative::word) != known.end())
                all.push_back(element.read(child, flags));
        }
        std::ranges::sort(all, {}, [](const Capability& each) { return each.kind.index(); });
    };
    const auto write = [](const Owner& owner, xml::Writer& writer) {
        for (const auto& each : owner.*member) element.write(each, writer);
    };
    return xml::by_hand<Owner>(read, write).holds(xml::children(member, element));
}

}  // namespace innkeeper::model::nodedev
