#include "model/domain/interface.h"

#include <fmt/format.h>

#include <algorithm>

#include "xml/parts.h"

namespace innkeeper::model {

namespace {

using Type = Interface::Type;
using Driver = Interface::Driver;

template <Type... types>
bool is_one_of(const Interface& interface) {
    return ((interface.type == types) || ...);
}

const auto host_offload_element =
    xml::describe<Interface::HostOffload>("host", xml::attribute("csum", &Interface::HostOffload::csum, xml::on_off),
                                          xml::attribute("gso", &Interface::HostOffload::gso, xml::on_off),
                                          xml::attribute("tso4", &Interface::HostOffload::tso4, xml::on_off),
                                          xml::attribute("tso6", &Interface::HostOffload::tso6, xml::on_off),
                                          xml::attribute("ecn", &Interface::HostOffload::ecn, xml::on_off),
                                          xml::attribute("ufo", &Interface::HostOffload::ufo, xml::on_off),
                                          xml::attribute("mrg_rxbuf", &Interface::HostOffload::mrg_rxbuf, xml::on_off));

const auto guest_offload_element =
    xml::describe<Interface::GuestOffload>("guest", xml::attribute("csum", &Interface::GuestOffload::csum, xml::on_off),
                                           xml::attribute("tso4", &Interface::GuestOffload::tso4, xml::on_off),
                                           xml::attribute("tso6", &Interface::GuestOffload::tso6, xml::on_off),
                                           xml::attribute("ecn", &Interface::GuestOffload::ecn, xml::on_off),
                                           xml::attribute("ufo", &Interface::GuestOffload::ufo, xml::on_off));

const auto driver_element = xml::describe<Driver>(
    "driver", xml::attribute("name", &Driver::name), xml::attribute("txmode", &Driver::tx_mode),
    xml::attribute("ioeventfd", &Driver::ioeventfd, xml::on_off),
    xml::attribute("event_idx", &Driver::event_idx, xml::on_off), xml::attribute("queues", &Driver::queues).omit("0"),
    xml::attribute("rx_queue_size", &Driver::rx_queue_size).omit("0"),
    xml::attribute("tx_queue_size", &Driver::tx_queue_size).omit("0"), xml::attribute("rss", &Driver::rss, xml::on_off),
    xml::attribute("rss_hash_report", &Driver::rss_hash_report, xml::on_off),
    xml::embed(&Driver::virtio, virtio_options_element), xml::child("host", &Driver::host, host_offload_element),
    xml::child("guest", &Driver::guest, guest_offload_element));

const auto tag_element = xml::describe<Vlan::Tag>("tag", xml::attribute("id", &Vlan::Tag::id).required().at_most(4095),
                                                  xml::attribute("nativeMode", &Vlan::Tag::native_mode));

const auto rate_element =
    xml::describe<Rate>("rate", xml::attribute("average", &Rate::average), xml::attribute("peak", &Rate::peak),
                        xml::attribute("floor", &Rate::floor), xml::attribute("burst", &Rate::burst));

void write_hostdev_type(const Interface&, xml::Writer& writer) { writer.attribute("type", "pci"); }
void ignore(const xml::Node&, Interface&, const xml::ParseFlags&) {}

/// The PCI address of a host's card, which carries its kind like an address of the guest's.
void read_host_address(const xml::Node& node, Interface& interface, const xml::ParseFlags& flags) {
    const auto address = node.child("address");
    if (!address) return;
    if (!address.attribute("type")) throw Error(ErrorCode::xml_error, "missing source address type");
    if (address.attribute("type") == "pci")
        interface.host_address = host_pci_address_element.read(address, flags);
    else
        throw Error(ErrorCode::internal_error, fmt::format("unknown address type '{}'", *address.attribute("type")));
}
void write_host_address(const Interface& interface, xml::Writer& writer) {
    if (!interface.host_address) return;
    writer.open("address");
    write_hostdev_type(interface, writer);
    xml::write_inside(host_pci_address_element, &*interface.host_address, writer);
    writer.close();
}

/// Names that the daemon makes for taps; they are made anew at each start.
bool is_generated_tap(const std::string& name) {
    return name.starts_with("vnet") || name.starts_with("macvtap") || name.starts_with("macvlan");
}

bool target_is_shown(const Interface& interface, const xml::FormatFlags& flags) {
    return !interface.target_device.empty() && !(flags.inactive && is_generated_tap(interface.target_device));
}

void write_coalesce(const Interface& interface, xml::Writer& writer) {
    if (!interface.coalesce_rx_frames_max) return;
    writer.open("coalesce");
    writer.open("rx");
    writer.open("frames");
    if (*interface.coalesce_rx_frames_max) writer.attribute("max", std::to_string(*interface.coalesce_rx_frames_max));
    for (int i = 0; i < 3; ++i) writer.close();
}
void read_coalesce(const xml::Node& node, Interface& interface, const xml::ParseFlags&) {
    const auto frames = node.child("coalesce").child("rx").child("frames");
    if (frames)
        interface.coalesce_rx_frames_max =
            std::strtoul(std::string(frames.attribute("max").value_or("0")).c_str(), nullptr, 10);
}

/// Known models are written in one way; what only virtio cards have is kept for them alone.
void settle_model(Interface& interface) {
    static constexpr std::string_view known[] = {"netfront",
                                                 "rtl8139",
                                                 "virtio",
                                                 "e1000",
                                                 "e1000e",
                                                 "virtio-transitional",
                                                 "virtio-non-transitional",
                                                 "usb-net",
                                                 "spapr-vlan",
                                                 "lan9118",
                                                 "scm91c111",
                                                 "vlance",
                                                 "vmxnet",
                                                 "vmxnet2",
                                                 "vmxnet3",
                                                 "Am79C970A",
                                                 "Am79C973",
                                                 "82540EM",
                                                 "82545EM",
                                                 "82543GC"};
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
    for (const auto name : known)
        if (std::ranges::equal(name, interface.model, {}, lower, lower)) interface.model = name;
    if (interface.driver.queues == 1u) interface.driver.queues.reset();
    if (interface.is_virtio()) return;
    interface.driver = {};
    interface.backend_vhost.clear();
}

/// Each kind of switch wants its own words; what names the port at the switch is made up where it is missing. A card in
/// a network may leave words to the network.
void settle_virtual_port(Interface& interface) {
    if (!interface.virtual_port) return;
    auto& port = *interface.virtual_port;
    const bool may_lack = interface.type == Type::network;
    if (!port.type && !may_lack) throw Error(ErrorCode::xml_error, "missing required virtualport type");
    const auto check = [&](std::string_view name, bool is_there, bool is_wanted, bool is_allowed) {
        if (!port.type) return;
        if (is_there && !is_allowed)
            throw Error(ErrorCode::xml_error,
                        fmt::format("extra {} unsupported in <virtualport type='{}'>", name, xml::name(*port.type)));
        if (!is_there && is_wanted && !may_lack)
            throw Error(ErrorCode::xml_error,
                        fmt::format("missing {} in <virtualport type='{}'>", name, xml::name(*port.type)));
    };
    using Kind = VirtualPort::Type;
    const bool qbg = port.type == Kind::qbg, qbh = port.type == Kind::qbh, ovs = port.type == Kind::openvswitch,
               midonet = port.type == Kind::midonet;
    check("managerid", bool(port.manager_id), qbg, qbg);
    check("typeid", bool(port.type_id), qbg, qbg);
    check("typeidversion", bool(port.type_id_version), qbg, qbg);
    check("instanceid", bool(port.instance_id), false, qbg);
    check("profileid", !port.profile_id.empty(), qbh, qbh || ovs);
    check("interfaceid", bool(port.interface_id), midonet, ovs || midonet);
    if ((qbg || !port.type) && !port.instance_id) port.instance_id = Uuid::random();
    if ((ovs || !port.type) && !port.interface_id) port.interface_id = Uuid::random();
}

void check_interface(Interface& interface, const xml::Node& node, const xml::ParseFlags& flags) {
    const auto want = [&](bool present, std::string_view what) {
        if (!present)
            throw Error(ErrorCode::xml_error, fmt::format("interface type='{}' requires a 'source' element{}",
                                                          xml::name(interface.type), what));
    };
    switch (interface.type) {
        case Type::network:
            want(!interface.network.empty(), "");
            break;
        case Type::bridge:
            want(!interface.bridge.empty(), "");
            break;
        case Type::direct:
            want(!interface.source_device.empty(), "");
            break;
        case Type::internal:
            want(!interface.internal_name.empty(), "");
            break;
        case Type::vds:
            want(bool(node.child("source")), "");
            for (const auto* name : {"switchid", "portid", "portgroupid", "connectionid"})
                if (!node.child("source").attribute(name))
                    throw Error(ErrorCode::xml_error,
                                fmt::format("Missing required attribute '{}' in element 'source'", name));
            break;
        case Type::vdpa:
            want(!interface.source_device.empty(), "");
            break;
        case Type::hostdev:
            if (!interface.host_address) throw Error(ErrorCode::xml_error, "missing source address type");
            break;
        case Type::client:
        case Type::server:
        case Type::mcast:
        case Type::udp:
            if (!interface.source_port)
                throw Error(ErrorCode::internal_error, "No <source> 'port' attribute specified with socket interface");
            if (interface.source_address.empty() && interface.type != Type::server && interface.type != Type::udp)
                throw Error(ErrorCode::internal_error,
                            "No <source> 'address' attribute specified with socket interface");
            break;
        default:
            break;
    }
    if (interface.coalesce_rx_frames_max == 0u) interface.coalesce_rx_frames_max.reset();
    if (interface.type != Type::hostdev) interface.managed.reset();
    settle_model(interface);
    settle_virtual_port(interface);
    if (!is_one_of<Type::network, Type::bridge, Type::ethernet>(interface) ||
        !node.child("filterref").attribute("filter"))
        interface.filter.reset();
    if (!flags.live && is_generated_tap(interface.target_device)) interface.target_device.clear();
    if (interface.mac && interface.mac->is_multicast())
        throw Error(ErrorCode::xml_error,
                    fmt::format("expected unicast mac address, found multicast '{}'", interface.mac->text()));
    if (interface.type == Type::direct && !interface.direct_mode) interface.direct_mode = Interface::DirectMode::vepa;
}

}  // namespace

const xml::Element<Teaming> teaming_element =
    xml::describe<Teaming>("teaming", xml::attribute("type", &Teaming::type).required(),
                           xml::attribute("persistent", &Teaming::persistent_alias));

const xml::Element<IpAddress> ip_address_element =
    xml::describe<IpAddress>(
        "ip", xml::attribute("address", &IpAddress::address).required(), xml::attribute("family", &IpAddress::family),
        xml::attribute("prefix", &IpAddress::prefix).omit("0"), xml::attribute("peer", &IpAddress::peer))
        .finished_by([](IpAddress& ip) {
            if (ip.family.empty()) ip.family = ip.address.contains(':') ? "ipv6" : "ipv4";
        });

const xml::Element<IpRoute> ip_route_element = xml::describe<IpRoute>(
    "route", xml::attribute("family", &IpRoute::family), xml::attribute("address", &IpRoute::address),
    xml::attribute("netmask", &IpRoute::netmask), xml::attribute("prefix", &IpRoute::prefix),
    xml::attribute("gateway", &IpRoute::gateway), xml::attribute("metric", &IpRoute::metric).omit("0"));

const xml::Element<Vlan> vlan_element = xml::describe<Vlan>(
    "vlan", xml::attribute("trunk", &Vlan::trunk, xml::yes_no).omit("no"), xml::children(&Vlan::tags, tag_element));

const xml::Element<VirtualPort> virtual_port_element =
    xml::describe<VirtualPort>("virtualport", xml::attribute("type", &VirtualPort::type),
                               xml::child("parameters", xml::attribute("managerid", &VirtualPort::manager_id),
                                          xml::attribute("typeid", &VirtualPort::type_id),
                                          xml::attribute("typeidversion", &VirtualPort::type_id_version),
                                          xml::attribute("instanceid", &VirtualPort::instance_id),
                                          xml::attribute("interfaceid", &VirtualPort::interface_id),
                                          xml::attribute("profileid", &VirtualPort::profile_id)));

const xml::Element<Bandwidth> bandwidth_element =
    xml::describe<Bandwidth>("bandwidth", xml::child("inbound", &Bandwidth::inbound, rate_element),
                             xml::child("outbound", &Bandwidth::outbound, rate_element));

const xml::Element<Interface> interface_element =
    xml::describe<Interface>(
        "interface", xml::attribute("type", &Interface::type).required(),
        xml::attribute("managed", &Interface::managed, xml::yes_no).written_when(is_one_of<Type::hostdev>),
        xml::attribute("trustGuestRxFilters", &Interface::trust_guest_rx_filters, xml::yes_no),
        xml::child("mac",
                   xml::attribute("address", &Interface::mac)
                       .complain(ErrorCode::xml_error, "unable to parse mac address '{}'"),
                   xml::attribute("type", &Interface::mac_type),
                   xml::attribute("check", &Interface::mac_check, xml::yes_no)),
        xml::when(is_one_of<Type::hostdev>, xml::child("driver", xml::attribute("name", &Interface::hostdev_driver))),
        xml::when(is_one_of<Type::network>, xml::child("source", xml::attribute("network", &Interface::network),
                                                       xml::attribute("portgroup", &Interface::portgroup),
                                                       xml::attribute("portid", &Interface::port_id).live_only(),
                                                       xml::attribute("bridge", &Interface::bridge).live_only(),
                                                       xml::children(&Interface::host_addresses, ip_address_element),
                                                       xml::children(&Interface::host_routes, ip_route_element))),
        xml::when(is_one_of<Type::bridge>, xml::child("source", xml::attribute("bridge", &Interface::bridge),
                                                      xml::children(&Interface::host_addresses, ip_address_element),
                                                      xml::children(&Interface::host_routes, ip_route_element))),
        xml::when(is_one_of<Type::direct>, xml::child("source", xml::attribute("dev", &Interface::source_device),
                                                      xml::attribute("mode", &Interface::direct_mode))),
        xml::when(is_one_of<Type::ethernet, Type::vdpa>,
                  xml::child("source", xml::attribute("dev", &Interface::source_device),
                             xml::children(&Interface::host_addresses, ip_address_element),
                             xml::children(&Interface::host_routes, ip_route_element))),
        xml::when(is_one_of<Type::server, Type::client, Type::mcast, Type::udp>,
                  xml::child("source", xml::attribute("address", &Interface::source_address),
                             xml::attribute("port", &Interface::source_port),
                             xml::when(is_one_of<Type::udp>,
                                       xml::child("local", xml::attribute("address", &Interface::local_address),
                                                  xml::attribute("port", &Interface::local_port))))),
        xml::when(is_one_of<Type::internal>, xml::child("source", xml::attribute("name", &Interface::internal_name))),
        xml::when(
            is_one_of<Type::vhostuser>,
            xml::child("source",
                       xml::by_hand<Interface>(
                           ignore, [](const Interface&, xml::Writer& writer) { writer.attribute("type", "unix"); })
                           .holds("@type"),
                       xml::attribute("path", &Interface::vhost_socket), xml::attribute("mode", &Interface::vhost_mode),
                       xml::child("reconnect", &Interface::vhost_reconnect, reconnect_element))),
        xml::when(is_one_of<Type::hostdev>, xml::child("source", xml::by_hand(read_host_address, write_host_address)
                                                                     .holds("address@type", pci_address_element))),
        xml::when(is_one_of<Type::vds>,
                  xml::child("source", xml::attribute("switchid", &Interface::vds_switch),
                             xml::attribute("portid", &Interface::vds_port),
                             xml::attribute("portgroupid", &Interface::vds_port_group).keep_empty(),
                             xml::attribute("connectionid", &Interface::vds_connection))),
        xml::child(&Interface::vlan, vlan_element), xml::child(&Interface::virtual_port, virtual_port_element),
        xml::child(&Interface::bandwidth, bandwidth_element),
        xml::child("port", xml::attribute("isolated", &Interface::port_isolated, xml::yes_no)),
        xml::children(&Interface::guest_addresses, ip_address_element),
        xml::children(&Interface::guest_routes, ip_route_element),
        xml::child("script", xml::attribute("path", &Interface::script)),
        xml::child("downscript", xml::attribute("path", &Interface::downscript)),
        xml::child("backenddomain", xml::attribute("name", &Interface::domain_name)),
        xml::child("target", xml::attribute("dev", &Interface::target_device).written_when(target_is_shown),
                   xml::attribute("managed", &Interface::target_managed, xml::yes_no)),
        xml::child("guest", xml::attribute("dev", &Interface::guest_device)),
        xml::child("model", xml::attribute("type", &Interface::model)),

        xml::when(
            +[](const Interface& interface) { return interface.type != Type::hostdev; },
            xml::child("driver", &Interface::driver, driver_element)),
        xml::child("backend", xml::attribute("tap", &Interface::backend_tap),
                   xml::attribute("vhost", &Interface::backend_vhost)),
        xml::child(&Interface::filter, filter_reference_element),
        xml::child("tune", xml::value("sndbuf", &Interface::sndbuf)), xml::child(&Interface::teaming, teaming_element),
        xml::child("link", xml::attribute("state", &Interface::link_state)),
        xml::child("mtu", xml::attribute("size", &Interface::mtu)),
        xml::by_hand(read_coalesce, write_coalesce).holds("coalesce/rx/frames@max"),
        xml::embed(&Interface::info, device_info_element))
        .finished_by(check_interface);

}  // namespace innkeeper::model
