#include "model/interface/interface.h"

#include <fmt/format.h>

#include "xml/parts.h"
#include "xml/schema.h"
#include "xml/validate.h"

namespace innkeeper::model::host_interface {

namespace {

using enum ErrorCode;

template <class T>
xml::PartOf<T> name_part() {
    return xml::attribute("name", &T::name).keep_empty().required(xml_error, "interface has no name");
}
template <class T>
xml::PartOf<T> mac_part() {
    return xml::child("mac", xml::attribute("address", &T::mac));
}

void refuse_type(Type type) {
    throw Error(xml_error, fmt::format("interface has unsupported type '{}'", xml::name(type)));
}
void check_card(Card& card) {
    if (card.type != Type::ethernet) refuse_type(card.type);
}
const auto card = xml::describe<Card>("interface", xml::attribute("type", &Card::type).required(), name_part<Card>(),
                                      xml::expanded<Card>(), xml::child(&Card::link, link_state), mac_part<Card>())
                      .finished_by(check_card);

const auto mii = xml::describe<MiiMonitor>(
    "miimon",
    xml::attribute("freq", &MiiMonitor::frequency)
        .required(xml_error, "bond interface miimon freq missing or invalid")
        .complain(xml_error, "bond interface miimon freq missing or invalid"),
    xml::attribute("downdelay", &MiiMonitor::down_delay)
        .omit("0")
        .complain(xml_error, "bond interface miimon downdelay invalid"),
    xml::attribute("updelay", &MiiMonitor::up_delay)
        .omit("0")
        .complain(xml_error, "bond interface miimon updelay invalid"),
    xml::attribute("carrier", &MiiMonitor::carrier).complain(xml_error, "unknown mii bonding carrier {}"));

const auto arp = xml::describe<ArpMonitor>(
    "arpmon",
    xml::attribute("interval", &ArpMonitor::interval)
        .required(xml_error, "bond interface arpmon interval missing or invalid")
        .complain(xml_error, "bond interface arpmon interval missing or invalid"),
    xml::attribute("target", &ArpMonitor::target)
        .keep_empty()
        .required(xml_error, "bond interface arpmon target missing"),
    xml::attribute("validate", &ArpMonitor::validate).complain(xml_error, "unknown arp bonding validate {}"));

/// The first way of looking at the line is the one.
bool has_no_mii(const Bond& bond) { return !bond.mii; }

const auto bond = xml::describe<Bond>(
    "bond", xml::attribute("mode", &Bond::mode).complain(xml_error, "unknown bonding mode {}"), xml::expanded<Bond>(),
    xml::child(&Bond::mii, mii), xml::when(has_no_mii, xml::child(&Bond::arp, arp)), xml::children(&Bond::cards, card));

const auto vlan = xml::describe<Vlan>(
    "vlan",
    xml::attribute("tag", &Vlan::tag).keep_empty().required(xml_error, "vlan interface misses the tag attribute"),
    xml::child("interface",
               xml::attribute("name", &Vlan::device).required(xml_error, "vlan interface misses name attribute"))
        .required(xml_error, "vlan interface misses name attribute"));

template <class T>
xml::PartOf<T> bond_part() {
    return xml::when(
        &T::type, Type::bond,
        xml::child(&T::bond, bond).keep_empty().required(xml_error, "bond interface misses the bond element"));
}
template <class T>
xml::PartOf<T> vlan_part() {
    return xml::when(
        &T::type, Type::vlan,
        xml::child(&T::vlan, vlan).keep_empty().required(xml_error, "vlan interface misses the vlan element"));
}

void check_port(const xml::Node&, Port& port, const xml::ParseFlags&) {
    if (port.type == Type::bridge) refuse_type(port.type);
}
void write_nothing(const Port&, xml::Writer&) {}
const auto port = xml::describe<Port>(
    "interface", xml::attribute("type", &Port::type).required(), xml::by_hand<Port>(check_port, write_nothing),
    name_part<Port>(), xml::when(&Port::type, Type::ethernet, xml::expanded<Port>()),
    xml::child(&Port::link, link_state), xml::when(&Port::type, Type::ethernet, mac_part<Port>()), bond_part<Port>(),
    vlan_part<Port>());

void forget_nonsense(Bridge& bridge) {
    if (bridge.spanning_tree != "on" && bridge.spanning_tree != "off") bridge.spanning_tree.clear();
}
const auto bridge = xml::describe<Bridge>("bridge", xml::attribute("stp", &Bridge::spanning_tree),
                                          xml::attribute("delay", &Bridge::delay), xml::expanded<Bridge>(),
                                          xml::children(&Bridge::ports, port))
                        .finished_by(forget_nonsense);

bool has_link(const Interface& interface) { return interface.type != Type::bridge; }

}  // namespace

const xml::Element<Interface> interface = xml::describe<Interface>(
    "interface", xml::attribute("type", &Interface::type).required(), name_part<Interface>(),
    xml::expanded<Interface>(),
    xml::child("start",
               xml::attribute("mode", &Interface::start).complain(xml_error, "unknown interface startmode {}")),
    xml::child("mtu", xml::attribute("size", &Interface::mtu)
                          .omit("0")
                          .at_most(INT32_MAX)
                          .complain(internal_error, "invalid mtu size '{}'")),
    xml::children(&Interface::protocols, protocol), xml::when(has_link, xml::child(&Interface::link, link_state)),
    xml::when(&Interface::type, Type::ethernet, mac_part<Interface>()),
    xml::when(&Interface::type, Type::bridge,
              xml::child(&Interface::bridge, bridge)
                  .keep_empty()
                  .required(xml_error, "bridge interface misses the bridge element")),
    bond_part<Interface>(), vlan_part<Interface>());

std::string interface_grammar() { return xml::relaxng(interface); }

void validate_interface(std::string_view text) {
    xml::validate(text, "(interface_definition)", "interface",
                  {"/usr/share/libvirt/schemas/interface.rng", interface_grammar});
}

}  // namespace innkeeper::model::host_interface
