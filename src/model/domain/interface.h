#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/uuid.h"
#include "model/domain/device_info.h"
#include "model/domain/storage_source.h"
#include "model/filter_reference.h"
#include "model/mac_address.h"
#include "xml/description.h"

namespace innkeeper::model {

/// An address that a device has, as its peers see it.
struct IpAddress {
    std::string address, family;
    std::optional<unsigned> prefix;
    std::string peer;
    bool operator==(const IpAddress&) const = default;
};

struct IpRoute {
    std::string family, address;
    std::optional<unsigned> prefix, metric;
    std::string netmask, gateway;
    bool operator==(const IpRoute&) const = default;
};

/// Membership of VLANs.
struct Vlan {
    enum class NativeMode { tagged, untagged };
    struct Tag {
        unsigned id = 0;
        std::optional<NativeMode> native_mode;
        bool operator==(const Tag&) const = default;
    };
    std::optional<bool> trunk;
    std::vector<Tag> tags;
    bool operator==(const Vlan&) const = default;
};
constexpr auto names_of(Vlan::NativeMode) { return xml::names("tagged", "untagged"); }

/// What a switch outside must be told of the port.
struct VirtualPort {
    enum class Type { qbg, qbh, openvswitch, midonet };
    std::optional<Type> type;
    std::optional<unsigned> manager_id, type_id, type_id_version;
    std::optional<Uuid> instance_id, interface_id;
    std::string profile_id;
    bool operator==(const VirtualPort&) const = default;
};
constexpr auto names_of(VirtualPort::Type) { return xml::names("802.1Qbg", "802.1Qbh", "openvswitch", "midonet"); }

/// A speed limit in one direction: kilobytes a second, and kilobytes at once.
struct Rate {
    std::optional<std::uint64_t> average, peak, floor, burst;
    bool operator==(const Rate&) const = default;
};

struct Bandwidth {
    std::optional<Rate> inbound, outbound;
    bool is_empty() const { return !inbound && !outbound; }
    bool operator==(const Bandwidth&) const = default;
};

/// The card is one of a pair, of which the guest uses the other while this one is away.
struct Teaming {
    enum class Type { persistent, transient };
    Type type = Type::persistent;
    std::string persistent_alias;
    bool operator==(const Teaming&) const = default;
};

/// A network card and what it is connected to. Which members count depends on the type.
struct Interface {
    enum class Type {
        user,
        ethernet,
        vhostuser,
        server,
        client,
        mcast,
        network,
        bridge,
        internal,
        direct,
        hostdev,
        udp,
        vdpa,
        null,
        vds
    };
    enum class MacType { generated, static_ };
    enum class DirectMode { vepa, private_, bridge, passthrough };
    enum class DriverName { qemu, vhost };
    enum class TxMode { iothread, timer };
    enum class LinkState { up, down };
    struct HostOffload {
        std::optional<bool> csum, gso, tso4, tso6, ecn, ufo, mrg_rxbuf;
        bool operator==(const HostOffload&) const = default;
    };
    struct GuestOffload {
        std::optional<bool> csum, tso4, tso6, ecn, ufo;
        bool operator==(const GuestOffload&) const = default;
    };
    struct Driver {
        std::optional<DriverName> name;
        std::optional<TxMode> tx_mode;
        std::optional<bool> ioeventfd, event_idx;
        std::optional<unsigned> queues, rx_queue_size, tx_queue_size;
        std::optional<bool> rss, rss_hash_report;
        VirtioOptions virtio;
        HostOffload host;
        GuestOffload guest;
        bool operator==(const Driver&) const = default;
    };

    Type type = Type::user;
    std::optional<bool> managed;  ///< hostdev
    std::optional<bool> trust_guest_rx_filters;

    std::optional<MacAddress> mac;  ///< always there once the definition has been completed
    std::optional<MacType> mac_type;
    std::optional<bool> mac_check;

    std::string network, portgroup;  ///< network
    std::optional<Uuid> port_id;     ///< of a running guest: its port in the network
    std::string bridge;              ///< bridge; of a running guest on a network too
    std::string source_device;       ///< direct, vdpa, ethernet's host side
    std::optional<DirectMode> direct_mode;
    std::optional<int> source_port;  ///< server, client, mcast, udp
    std::string source_address;
    std::string local_address;
    std::optional<int> local_port;
    std::string internal_name;
    std::string vhost_socket;  ///< vhostuser
    std::string vhost_mode;    ///< client or server
    Reconnect vhost_reconnect;
    std::optional<PciAddress> host_address;  ///< hostdev
    // vds: a port of a distributed virtual switch
    std::optional<Uuid> vds_switch;
    std::optional<std::int64_t> vds_port, vds_connection;
    std::string vds_port_group;

    std::vector<IpAddress> host_addresses;
    std::vector<IpRoute> host_routes;
    std::vector<IpAddress> guest_addresses;
    std::vector<IpRoute> guest_routes;

    std::optional<Vlan> vlan;
    std::optional<VirtualPort> virtual_port;
    std::optional<Bandwidth> bandwidth;
    std::optional<FilterReference> filter;

    std::string script, downscript, domain_name;
    std::string backend_tap, backend_vhost;
    std::string target_device;  ///< the tap's name on the host; generated ones are not kept
    std::optional<bool> target_managed;
    std::string guest_device;    ///< containers: the name inside
    std::string model;           ///< virtio, e1000, rtl8139…; some hypervisors know others
    std::string hostdev_driver;  ///< hostdev: vfio, kvm
    Driver driver;
    std::optional<unsigned> sndbuf;
    std::optional<LinkState> link_state;
    std::optional<unsigned> mtu;
    std::optional<unsigned> coalesce_rx_frames_max;
    std::optional<bool> port_isolated;
    std::optional<Teaming> teaming;
    DeviceInfo info;

    bool is_virtio() const { return model.starts_with("virtio"); }
    bool operator==(const Interface&) const = default;
};
constexpr auto names_of(Interface::Type) {
    return xml::names("user", "ethernet", "vhostuser", "server", "client", "mcast", "network", "bridge", "internal",
                      "direct", "hostdev", "udp", "vdpa", "null", "vds");
}
constexpr auto names_of(Interface::MacType) { return xml::names("generated", "static"); }
constexpr auto names_of(Interface::DirectMode) { return xml::names("vepa", "private", "bridge", "passthrough"); }
constexpr auto names_of(Interface::DriverName) { return xml::names("qemu", "vhost"); }
constexpr auto names_of(Interface::TxMode) { return xml::names("iothread", "timer"); }
constexpr auto names_of(Interface::LinkState) { return xml::names("up", "down"); }
constexpr auto names_of(Teaming::Type) { return xml::names("persistent", "transient"); }

extern const xml::Element<Bandwidth> bandwidth_element;
extern const xml::Element<Vlan> vlan_element;
extern const xml::Element<VirtualPort> virtual_port_element;
extern const xml::Element<IpAddress> ip_address_element;
extern const xml::Element<IpRoute> ip_route_element;
extern const xml::Element<Teaming> teaming_element;
extern const xml::Element<Interface> interface_element;

}  // namespace innkeeper::model
