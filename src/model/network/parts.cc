#include "model/network/parts.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/no_domain.h"
#include "xml/parts.h"

namespace innkeeper::model {

std::optional<PortNumber> PortNumber::parse(std::string_view text) {
    int base = 10;
    if (text.starts_with("0x") || text.starts_with("0X")) {
        text.remove_prefix(2);
        base = 16;
    }
    PortNumber number;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number.value, base);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return number;
}

namespace {

using Type = NetworkVirtualPort::Type;

[[noreturn]] void wrong(std::string message) { throw Error(ErrorCode::xml_error, std::move(message)); }

// ------------------------------------------------------------------------------------------------------------------
// vlan

const xml::Element<NetworkVlan::Tag> vlan_tag =
    xml::describe<NetworkVlan::Tag>("tag", xml::attribute("id", &NetworkVlan::Tag::id).required(),
                                    xml::attribute("nativeMode", &NetworkVlan::Tag::native_mode));

/// The tags of a card are the same in a network and in a guest, and their complaints those of neither.
[[noreturn]] void nobodys(std::string message) { throw Error(ErrorCode::xml_error, no_domain, std::move(message)); }

/// More than one tag makes a trunk; a native one cannot be without.
void complete_vlan(NetworkVlan& vlan) {
    if (vlan.tags.empty()) nobodys("missing tag id - each <vlan> must have at least one <tag id='n'/> subelement");
    for (const auto& tag : vlan.tags)
        if (tag.id > 4095) nobodys(fmt::format("vlan tag id {} too large (maximum 4095)", tag.id));
    const auto natives = std::ranges::count_if(vlan.tags, [](const auto& tag) { return tag.native_mode.has_value(); });
    if (natives > 1) nobodys("duplicate native vlan setting");
    if (vlan.trunk == false && vlan.tags.size() > 1)
        nobodys("invalid \"trunk='no'\" in <vlan> - trunk='yes' is required for more than one vlan tag");
    if (vlan.trunk == false && natives != 0)
        nobodys("invalid configuration in <vlan> - \"trunk='no'\" is not allowed with a native vlan id");
    if (vlan.tags.size() > 1) vlan.trunk = true;
    if (vlan.trunk == false) vlan.trunk.reset();
}

// --------------------------------------------------------------------------------------------------------------
// bandwidth

constexpr auto unreadable = ErrorCode::config_unsupported;

const xml::Element<NetworkBandwidth::Limit> limit =
    xml::describe<NetworkBandwidth::Limit>("limit",
                                           xml::attribute("average", &NetworkBandwidth::Limit::average)
                                               .complain(unreadable, "could not convert bandwidth average value '{}'"),
                                           xml::attribute("peak", &NetworkBandwidth::Limit::peak)
                                               .complain(unreadable, "could not convert bandwidth peak value '{}'"),
                                           xml::attribute("floor", &NetworkBandwidth::Limit::floor)
                                               .complain(unreadable, "could not convert bandwidth floor value '{}'"),
                                           xml::attribute("burst", &NetworkBandwidth::Limit::burst)
                                               .complain(unreadable, "could not convert bandwidth burst value '{}'"))
        .finished_by(+[](NetworkBandwidth::Limit& limit) {
            if (!limit.average && !limit.floor)
                throw Error(ErrorCode::xml_detail, no_domain, "Missing mandatory average or floor attributes");
            for (auto* value : {&limit.average, &limit.peak, &limit.floor, &limit.burst})
                if (*value == 0u) value->reset();
            // What may be passed for a while is nothing without a limit.
            if (!limit.average && !limit.floor) limit = {};
        });

void check_bandwidth(NetworkBandwidth& bandwidth, const xml::Node& node, const xml::ParseFlags&) {
    for (const std::string_view tag : {"inbound", "outbound"})
        if (const auto child = node.child(tag); child && child.next(tag))
            throw Error(ErrorCode::xml_detail, fmt::format("Only one child <{}> element allowed", tag));
    if (bandwidth.outbound && bandwidth.outbound->floor)
        throw Error(ErrorCode::config_unsupported, "'floor' attribute allowed only in <inbound> element");
    // An average of 0 is no limit. (The peer keeps it until it reads the document the next time.)
    for (auto* direction : {&bandwidth.inbound, &bandwidth.outbound})
        if (*direction == NetworkBandwidth::Limit{}) direction->reset();
}

void check_shared_bandwidth(NetworkBandwidth& bandwidth, const xml::Node& node, const xml::ParseFlags& flags) {
    if (node.attribute("classID"))
        throw Error(ErrorCode::xml_detail, "classID attribute not supported on <bandwidth> in this usage context");
    check_bandwidth(bandwidth, node, flags);
    if (bandwidth.inbound && bandwidth.inbound->floor)
        throw Error(ErrorCode::config_unsupported, "floor attribute is not supported for this config");
}

template <class Check>
xml::Element<NetworkBandwidth> describe_bandwidth(Check check) {
    return xml::describe<NetworkBandwidth>("bandwidth", xml::child("inbound", &NetworkBandwidth::inbound, limit),
                                           xml::child("outbound", &NetworkBandwidth::outbound, limit))
        .finished_by(check);
}

// ----------------------------------------------------------------------------------------------------------- virtual
// port

/// The parameters that a kind of switch understands. Others are refused, but MidoNet's are passed over.
void check_virtual_port(NetworkVirtualPort& port) {
    if (port.manager_id && port.manager_id->value > 0xff) wrong("value of managerid out of range");
    if (port.type_id && port.type_id->value > 0xffffff) wrong("value for typeid out of range");
    if (port.type_id_version && port.type_id_version->value > 0xff) wrong("value of typeidversion out of range");
    if (port.profile_id.size() > 39) wrong("profileid parameter too long");
    // A group of ports may leave the type to its network; then anything goes.
    if (!port.type) return;
    const auto type = *port.type;
    if (type == Type::midonet) {
        NetworkVirtualPort plain{.type = type, .interface_id = port.interface_id};
        port = std::move(plain);
        return;
    }
    const auto refuse = [&](bool is_given, bool is_understood, std::string_view name) {
        if (is_given && !is_understood)
            wrong(fmt::format("extra {} unsupported in <virtualport type='{}'>", name, xml::name(type)));
    };
    const bool is_vepa = type == Type::vepa;
    refuse(port.manager_id.has_value(), is_vepa, "managerid");
    refuse(port.type_id.has_value(), is_vepa, "typeid");
    refuse(port.type_id_version.has_value(), is_vepa, "typeidversion");
    refuse(port.instance_id.has_value(), is_vepa, "instanceid");
    refuse(!port.profile_id.empty(), !is_vepa, "profileid");
    refuse(port.interface_id.has_value(), type == Type::openvswitch, "interfaceid");
}

}  // namespace

const xml::Element<NetworkVlan> vlan =
    xml::describe<NetworkVlan>(
        "vlan",
        xml::attribute("trunk", &NetworkVlan::trunk)
            .complain(ErrorCode::xml_error, "invalid \"trunk='{}'\" in <vlan> - must be yes or no")
            .omit(""),
        xml::children(&NetworkVlan::tags, vlan_tag))
        .finished_by(complete_vlan);

const xml::Element<NetworkBandwidth> bandwidth = describe_bandwidth(check_shared_bandwidth);
const xml::Element<NetworkBandwidth> port_bandwidth = describe_bandwidth(check_bandwidth);

const xml::Element<NetworkVirtualPort> virtual_port =
    xml::describe<NetworkVirtualPort>(
        "virtualport",
        xml::attribute("type", &NetworkVirtualPort::type)
            .complain(ErrorCode::config_unsupported, "unknown virtualport type {}"),
        xml::child("parameters",
                   xml::attribute("managerid", &NetworkVirtualPort::manager_id)
                       .complain(ErrorCode::xml_error, "cannot parse value of managerid parameter"),
                   xml::attribute("typeid", &NetworkVirtualPort::type_id)
                       .complain(ErrorCode::xml_error, "cannot parse value of typeid parameter"),
                   xml::attribute("typeidversion", &NetworkVirtualPort::type_id_version)
                       .complain(ErrorCode::xml_error, "cannot parse value of typeidversion parameter"),
                   xml::attribute("instanceid", &NetworkVirtualPort::instance_id)
                       .complain(ErrorCode::xml_error, "cannot parse instanceid parameter as a uuid"),
                   xml::attribute("interfaceid", &NetworkVirtualPort::interface_id)
                       .complain(ErrorCode::xml_error, "cannot parse interfaceid parameter as a uuid"),
                   xml::attribute("profileid", &NetworkVirtualPort::profile_id)))
        .finished_by(check_virtual_port);

const xml::Element<PortGroup> port_group =
    xml::describe<PortGroup>(
        "portgroup", xml::attribute("name", &PortGroup::name), xml::attribute("default", &PortGroup::is_default),
        xml::attribute("trustGuestRxFilters", &PortGroup::trust_guest_filters), xml::expanded<PortGroup>(),
        xml::child(&PortGroup::vlan, vlan), xml::child(&PortGroup::virtual_port, virtual_port),
        xml::child(&PortGroup::bandwidth, bandwidth))
        .finished_by(+[](PortGroup& group) {
            if (group.name.empty()) wrong("Missing required name attribute in portgroup");
            if (group.is_default != "yes") group.is_default.clear();
            if (group.bandwidth && !group.bandwidth->is_set()) group.bandwidth.reset();
        });

}  // namespace innkeeper::model
