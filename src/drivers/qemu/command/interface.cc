#include "model/domain/interface.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "drivers/qemu/command/builder.h"

namespace innkeeper::qemu {

using model::Interface;
using Type = Interface::Type;

namespace {

/// Whether the guest's packets come through a tap device, whose descriptors QEMU is given.
bool uses_tap(const Interface& interface) {
    return interface.type == Type::network || interface.type == Type::bridge || interface.type == Type::ethernet ||
           interface.type == Type::direct;
}

std::string joined(const std::vector<int>& numbers) {
    std::string out;
    for (const int number : numbers) out += (out.empty() ? "" : ":") + std::to_string(number);
    return out;
}

/// The kernel carries a virtio card's packets by itself if it can; without KVM only where that was asked for.
bool wants_vhost(const Builder& b, const Interface& interface) {
    if (!interface.is_virtio() || b.is_native()) return false;
    if (interface.driver.name) return *interface.driver.name == Interface::DriverName::vhost;
    return b.is_kvm();
}

Props tap(Builder& b, const Interface& interface) {
    const unsigned queues =
        interface.is_virtio() && !b.is_native() ? std::max(1U, interface.driver.queues.value_or(1)) : 1;
    const bool vhost = wants_vhost(b, interface);
    std::vector<int> taps, vhosts;
    for (unsigned queue = 0; queue < queues; ++queue)
        taps.push_back(b.pass({.kind = PassedFd::Kind::tap, .alias = interface.info.alias, .queue = queue}));
    for (unsigned queue = 0; vhost && queue < queues; ++queue)
        vhosts.push_back(b.pass({.kind = PassedFd::Kind::vhost, .alias = interface.info.alias, .queue = queue}));
    Props props("tap", "type");
    props.add(queues > 1 ? "fds" : "fd", joined(taps));
    if (vhost) props.add("vhost", true).add(queues > 1 ? "vhostfds" : "vhostfd", joined(vhosts));
    if (interface.sndbuf) props.add("sndbuf", *interface.sndbuf);
    return props;
}

Props user(const Interface& interface) {
    Props props("user", "type");
    for (const model::IpAddress& ip : interface.guest_addresses) {
        if (ip.family == "ipv6") {
            props.add("ipv6-prefix", ip.address);
            if (ip.prefix) props.add("ipv6-prefixlen", *ip.prefix);
        } else {
            props.add("net", ip.prefix ? fmt::format("{}/{}", ip.address, *ip.prefix) : ip.address);
        }
    }
    return props;
}

std::string address_and_port(const std::string& address, std::optional<int> port) {
    return fmt::format("{}:{}", address, port.value_or(0));
}

Props socket(const Interface& interface) {
    const std::string place = address_and_port(interface.source_address, interface.source_port);
    Props props("socket", "type");
    switch (interface.type) {
        case Type::server:
            return props.add("listen", place);
        case Type::client:
            return props.add("connect", place);
        case Type::mcast:
            return props.add("mcast", place);
        default:
            return props.add("udp", place)
                .add("localaddr", address_and_port(interface.local_address, interface.local_port));
    }
}

Props vhost_user(Builder& b, const Interface& interface) {
    const std::string chardev = "char" + interface.info.alias;
    Pairs words("socket");
    words.add("id", chardev);
    if (interface.vhost_mode == "server") {
        if (b.is_native())
            words.add("path", interface.vhost_socket);
        else
            words.add("fd", b.pass({.kind = PassedFd::Kind::listener,
                                    .alias = interface.info.alias,
                                    .path = interface.vhost_socket}));
        words.word("server=on");
    } else {
        words.add("path", interface.vhost_socket);
        if (interface.vhost_reconnect.enabled == true && interface.vhost_reconnect.timeout)
            words.add("reconnect", *interface.vhost_reconnect.timeout);
        if (interface.vhost_reconnect.enabled == false) words.word("reconnect=0");
    }
    b.option("-chardev", words);
    Props props("vhost-user", "type");
    props.add("chardev", chardev);
    if (interface.driver.queues.value_or(1) > 1) props.add("queues", *interface.driver.queues);
    return props;
}

Props vdpa(Builder& b, const Interface& interface) {
    unsigned set = 0;
    for (const PassedFd& fd : b.line.descriptors)
        set += fd.kind == PassedFd::Kind::log || fd.kind == PassedFd::Kind::vdpa;
    const int number =
        b.pass({.kind = PassedFd::Kind::vdpa, .alias = interface.info.alias, .path = interface.source_device});
    b.option("-add-fd", Pairs().add("set", set).add("fd", number).add("opaque", interface.source_device));
    return Props("vhost-vdpa", "type").add("vhostdev", fmt::format("/dev/fdset/{}", set));
}

Props backend(Builder& b, const Interface& interface) {
    const bool has_queues = uses_tap(interface) || interface.type == Type::vhostuser || interface.type == Type::vdpa;
    if (!b.is_native() && !has_queues && interface.driver.queues.value_or(1) > 1)
        unsupported(fmt::format("Multiqueue network is not supported for: {}", xml::name(interface.type)));
    if (b.is_native() || uses_tap(interface)) return tap(b, interface);
    switch (interface.type) {
        case Type::user:
            return user(interface);
        case Type::server:
        case Type::client:
        case Type::mcast:
        case Type::udp:
            return socket(interface);
        case Type::vhostuser:
            return vhost_user(b, interface);
        case Type::vdpa:
            return vdpa(b, interface);
        default:
            break;
    }
    unsupported(fmt::format("<interface type='{}'> is not supported by QEMU", xml::name(interface.type)));
}

void add_offloads(const Interface::Driver& driver, Props& props) {
    props.add("csum", driver.host.csum).add("gso", driver.host.gso);
    props.add("host_tso4", driver.host.tso4).add("host_tso6", driver.host.tso6);
    props.add("host_ecn", driver.host.ecn).add("host_ufo", driver.host.ufo);
    props.add("mrg_rxbuf", driver.host.mrg_rxbuf);
    props.add("guest_csum", driver.guest.csum);
    props.add("guest_tso4", driver.guest.tso4).add("guest_tso6", driver.guest.tso6);
    props.add("guest_ecn", driver.guest.ecn).add("guest_ufo", driver.guest.ufo);
}

void add_virtio_driver(const Interface& interface, Props& props) {
    const Interface::Driver& driver = interface.driver;
    if (driver.tx_mode) props.add("tx", *driver.tx_mode == Interface::TxMode::timer ? "timer" : "bh");
    props.add("ioeventfd", driver.ioeventfd).add("event_idx", driver.event_idx);
    add_offloads(driver, props);
    // Two vectors a queue, one for the configuration and one for control.
    if (driver.queues.value_or(1) > 1 && interface.type != Type::vdpa)
        props.add("mq", true).add("vectors", 2 * *driver.queues + 2);
    props.add("rx_queue_size", driver.rx_queue_size).add("tx_queue_size", driver.tx_queue_size);
    props.add("rss", driver.rss).add("hash", driver.rss_hash_report);
    props.add("host_mtu", interface.mtu);
}

/// The card. In native only its model, identity and place are looked at: how it would be connected is the business of
/// whoever runs the command.
Props card(const Builder& b, const Interface& interface) {
    const bool is_full = !b.is_native();
    std::string model = interface.model;
    std::ranges::transform(model, model.begin(), [](unsigned char c) { return std::tolower(c); });
    const bool is_plain_virtio = model == "virtio" || model.starts_with("virtio-");
    if (!is_plain_virtio) {
        // Models were once names of QEMU's devices, so an unknown one is left to QEMU.
        return Props(interface.model.empty() ? "rtl8139" : interface.model);
    }
    Props props(b.virtio_device("virtio-net", model, interface.info));
    if (is_full) {
        b.add_virtio(props, interface.driver.virtio);
        add_virtio_driver(interface, props);
    }
    return props;
}

void add_teaming(const Interface& interface, Props& props) {
    if (!interface.teaming) return;
    if (interface.teaming->type == model::Teaming::Type::persistent)
        props.add("failover", true);
    else
        props.add("failover_pair_id", interface.teaming->persistent_alias);
}

void add_interface(Builder& b, const Interface& interface) {
    if (interface.type == Type::hostdev && !b.is_native())
        unsupported("<interface type='hostdev'> is not supported yet");
    const std::string netdev = "host" + interface.info.alias;
    b.option("-netdev", backend(b, interface).add("id", netdev));

    Props props = card(b, interface);
    props.add("netdev", netdev).add("id", interface.info.alias);
    if (interface.mac) props.add("mac", interface.mac->text());
    props.add("bootindex", b.boot_index(interface.info));
    if (!b.is_native()) add_teaming(interface, props);
    b.add_address(props, interface.info);
    if (!b.is_native()) b.add_rom(props, interface.info);
    b.device(props);
}

}  // namespace

void add_interfaces(Builder& b) {
    for (const Interface& interface : b.devices.interfaces) add_interface(b, interface);
}

}  // namespace innkeeper::qemu
