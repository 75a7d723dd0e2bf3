#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/uuid.h"
#include "model/domain/device_info.h"
#include "model/domain/seclabel.h"
#include "model/domain/storage_source.h"
#include "xml/description.h"

/// Serial lines, parallel ports, consoles and channels: a stream of bytes between the guest and something on the host.
namespace innkeeper::model {

/// The host's end. Which members count depends on the type.
struct ChardevSource {
    enum class Type {
        null,
        vc,
        pty,
        dev,
        file,
        pipe,
        stdio,
        udp,
        tcp,
        unix_,
        spicevmc,
        spiceport,
        nmdm,
        qemu_vdagent,
        dbus
    };
    enum class Mode { connect, bind };
    enum class Protocol { raw, telnet, telnets, tls };
    struct Log {
        std::string file;
        std::optional<bool> append;
        bool operator==(const Log&) const = default;
    };

    Type type = Type::null;
    std::string path;            ///< pty (of a running guest), dev, file, pipe, unix
    std::optional<bool> append;  ///< file
    std::optional<Mode> mode;    ///< tcp, unix; for udp see the four below
    std::string host, service;   ///< tcp; udp: where to send
    std::string bind_host, bind_service;
    std::optional<bool> tls;  ///< tcp
    bool tls_from_config = false;
    Reconnect reconnect;                      ///< tcp, unix in mode connect
    Protocol protocol = Protocol::raw;        ///< tcp
    std::string master, slave;                ///< nmdm
    std::string channel;                      ///< spiceport, dbus
    std::optional<bool> clipboard_copypaste;  ///< qemu-vdagent
    std::string mouse_mode;
    Log log;
    std::vector<SourceLabel> labels;

    bool operator==(const ChardevSource&) const = default;
};
constexpr auto names_of(ChardevSource::Type) {
    return xml::names("null", "vc", "pty", "dev", "file", "pipe", "stdio", "udp", "tcp", "unix", "spicevmc",
                      "spiceport", "nmdm", "qemu-vdagent", "dbus");
}
constexpr auto names_of(ChardevSource::Mode) { return xml::names("connect", "bind"); }
constexpr auto names_of(ChardevSource::Protocol) { return xml::names("raw", "telnet", "telnets", "tls"); }

struct Serial {
    enum class Target { isa_serial, usb_serial, pci_serial, spapr_vio_serial, system_serial, sclp_serial, isa_debug };
    enum class Model {
        isa_serial,
        usb_serial,
        pci_serial,
        spapr_vty,
        pl011,
        sclpconsole,
        sclplmconsole,
        model_16550a,
        isa_debugcon
    };
    ChardevSource source;
    std::optional<Target> target;
    std::optional<unsigned> port;
    std::optional<Model> model;
    DeviceInfo info;
    bool operator==(const Serial&) const = default;
};
constexpr auto names_of(Serial::Target) {
    return xml::names("isa-serial", "usb-serial", "pci-serial", "spapr-vio-serial", "system-serial", "sclp-serial",
                      "isa-debug");
}
constexpr auto names_of(Serial::Model) {
    return xml::names("isa-serial", "usb-serial", "pci-serial", "spapr-vty", "pl011", "sclpconsole", "sclplmconsole",
                      "16550a", "isa-debugcon");
}

struct Parallel {
    ChardevSource source;
    std::optional<unsigned> port;
    DeviceInfo info;
    bool operator==(const Parallel&) const = default;
};

struct Console {
    enum class Target { serial, xen, uml, virtio, lxc, openvz, sclp, sclplm };
    ChardevSource source;
    std::optional<Target> target;
    std::optional<unsigned> port;
    DeviceInfo info;
    bool operator==(const Console&) const = default;
};
constexpr auto names_of(Console::Target) {
    return xml::names("serial", "xen", "uml", "virtio", "lxc", "openvz", "sclp", "sclplm");
}

struct Channel {
    enum class Target { guestfwd, virtio, xen };
    enum class State { connected, disconnected };
    ChardevSource source;
    std::optional<Target> target;
    std::string name;            ///< virtio, xen
    std::optional<State> state;  ///< virtio, of a running guest: whether the guest has it open
    std::string address;         ///< guestfwd
    std::optional<unsigned> port;
    DeviceInfo info;
    bool operator==(const Channel&) const = default;
};
constexpr auto names_of(Channel::Target) { return xml::names("guestfwd", "virtio", "xen"); }
constexpr auto names_of(Channel::State) { return xml::names("connected", "disconnected"); }

/// The two parts of a source: the attribute that chooses, and all the rest.
extern const xml::Element<ChardevSource> chardev_type_element;
extern const xml::Element<ChardevSource> chardev_source_element;
extern const xml::Element<Serial> serial_element;
extern const xml::Element<Parallel> parallel_element;
extern const xml::Element<Console> console_element;
extern const xml::Element<Channel> channel_element;

}  // namespace innkeeper::model
