#include "model/domain/chardev.h"

#include <fmt/format.h>

#include "drivers/qemu/command/builder.h"

/// Serial lines, parallel ports, consoles and channels.
namespace innkeeper::qemu {

using model::Channel;
using model::ChardevSource;
using model::Console;
using model::Serial;
using model::VirtioSerialAddress;
using Type = ChardevSource::Type;

namespace {

void add_reconnect(const ChardevSource& source, Pairs& words) {
    if (source.reconnect.enabled == true && source.reconnect.timeout) words.add("reconnect", *source.reconnect.timeout);
    if (source.reconnect.enabled == false) words.word("reconnect=0");
}

void add_tcp(Builder& b, const ChardevSource& source, std::string_view alias, Pairs& words) {
    const bool is_server = source.mode == ChardevSource::Mode::bind;
    words.add("host", source.host).add("port", source.service);
    if (source.protocol == ChardevSource::Protocol::telnet) words.word("telnet=on");
    if (is_server)
        words.word("server=on,wait=off");
    else
        add_reconnect(source, words);
    if (source.tls == true) {
        const std::string id = fmt::format("objchar{}_tls0", alias);
        b.tls_object(id, b.context.chardev_tls, is_server ? "server" : "client", fmt::format("char{}-secret0", alias));
        words.add("tls-creds", id);
    }
}

/// A server's socket is opened before the start, so that its owner and rights are set before anybody can connect.
void add_unix(Builder& b, const ChardevSource& source, std::string_view alias, Pairs& words) {
    const bool is_server = source.mode == ChardevSource::Mode::bind;
    if (is_server && !b.is_native())
        words.add("fd", b.pass({.kind = PassedFd::Kind::listener, .alias = std::string(alias), .path = source.path}));
    else
        words.add("path", source.path);
    if (is_server)
        words.word("server=on,wait=off");
    else
        add_reconnect(source, words);
}

void add_log(Builder& b, const ChardevSource& source, std::string_view alias, Pairs& words) {
    if (source.log.file.empty()) return;
    if (b.is_native()) {
        words.add("logfile", source.log.file);
        words.on_off("logappend", source.log.append);
        return;
    }
    unsigned set = 0;
    for (const PassedFd& fd : b.line.descriptors) set += fd.kind == PassedFd::Kind::log;
    const int number = b.pass({.kind = PassedFd::Kind::log,
                               .alias = std::string(alias),
                               .path = source.log.file,
                               .append = source.log.append == true});
    b.option("-add-fd", Pairs().add("set", set).add("fd", number).add("opaque", fmt::format("{}-log", alias)));
    words.add("logfile", fmt::format("/dev/fdset/{}", set)).word("logappend=on");
}

}  // namespace

void add_chardev(Builder& b, const ChardevSource& source, std::string_view alias, ChardevUse use) {
    Pairs words;
    const std::string id = fmt::format("char{}", alias);
    const auto start = [&](std::string_view kind) { words.word(kind).add("id", id); };
    switch (source.type) {
        case Type::null:
            start("null");
            break;
        case Type::vc:
            start("vc");
            break;
        case Type::pty:
            start("pty");
            break;
        case Type::stdio:
            start("stdio");
            break;
        case Type::dev:
            start(use == ChardevUse::parallel ? "parallel" : "serial");
            words.add("path", source.path);
            break;
        case Type::file:
            start("file");
            words.add("path", source.path).on_off("append", source.append);
            break;
        case Type::pipe:
            start("pipe");
            words.add("path", source.path);
            break;
        case Type::udp:
            start("udp");
            words.add("host", source.host).add("port", source.service.empty() ? "0" : source.service);
            words.add("localaddr", source.bind_host);
            words.add("localport", source.bind_service.empty() ? "0" : source.bind_service);
            break;
        case Type::tcp:
            start("socket");
            add_tcp(b, source, alias, words);
            break;
        case Type::unix_:
            start("socket");
            add_unix(b, source, alias, words);
            break;
        case Type::spicevmc:
            start("spicevmc");
            words.add("name", use == ChardevUse::smartcard     ? "smartcard"
                              : use == ChardevUse::redirection ? "usbredir"
                                                               : "vdagent");
            break;
        case Type::spiceport:
            start("spiceport");
            words.add("name", source.channel);
            break;
        case Type::qemu_vdagent:
            start("qemu-vdagent");
            words.word("name=vdagent").on_off("clipboard", source.clipboard_copypaste);
            if (!source.mouse_mode.empty()) words.on_off("mouse", source.mouse_mode == "client");
            break;
        case Type::dbus:
            start("dbus");
            words.add("name", source.channel);
            break;
        case Type::nmdm:
            unsupported("unsupported chardev 'nmdm'");
    }
    add_log(b, source, alias, words);
    b.option("-chardev", words);
}

namespace {

std::string serial_device(const Serial& serial) {
    using Model = Serial::Model;
    switch (serial.model.value_or(Model::isa_serial)) {
        case Model::isa_serial:
            return "isa-serial";
        case Model::usb_serial:
            return "usb-serial";
        case Model::pci_serial:
            return "pci-serial";
        case Model::spapr_vty:
            return "spapr-vty";
        case Model::sclpconsole:
            return "sclpconsole";
        case Model::sclplmconsole:
            return "sclplmconsole";
        case Model::isa_debugcon:
            return "isa-debugcon";
        case Model::pl011:
        case Model::model_16550a:
            return "";  // part of the board
    }
    return "";
}

bool is_isa(const Serial& serial) {
    return serial.model.value_or(Serial::Model::isa_serial) == Serial::Model::isa_serial;
}

void add_serial(Builder& b, const Serial& serial) {
    const std::string& alias = serial.info.alias;
    add_chardev(b, serial.source, alias);
    const std::string device = serial_device(serial);
    if (device.empty()) return b.option("-serial", "chardev:char" + alias);
    Props props(device);
    props.add("chardev", "char" + alias).add("id", alias);
    if (is_isa(serial)) props.add("index", serial.port);
    b.device(props, serial.info);
}

/// A port of a virtio serial controller. A channel has a name in the guest, a console has not.
void add_virtio_port(Builder& b, std::string_view device, const model::DeviceInfo& info, std::string_view name) {
    Props props(device);
    if (const auto* at = info.at<VirtioSerialAddress>()) {
        props.add(
            "bus",
            fmt::format("{}.{}", b.controller_alias(model::Controller::Type::virtio_serial, at->controller), at->bus));
        props.add("nr", at->port);
    }
    props.add("chardev", "char" + info.alias).add("id", info.alias).add_if("name", name);
    b.device(props);
}

}  // namespace

void add_serials(Builder& b) {
    for (const Serial& serial : b.devices.serials) {
        // A console that is only another name for a serial line has been merged into it.
        add_serial(b, serial);
    }
}

void add_parallels(Builder& b) {
    for (const model::Parallel& parallel : b.devices.parallels) {
        add_chardev(b, parallel.source, parallel.info.alias, ChardevUse::parallel);
        b.device(Props("isa-parallel").add("chardev", "char" + parallel.info.alias).add("id", parallel.info.alias),
                 parallel.info);
    }
}

void add_channels(Builder& b) {
    for (const Channel& channel : b.devices.channels) {
        const std::string& alias = channel.info.alias;
        switch (channel.target.value_or(Channel::Target::virtio)) {
            case Channel::Target::virtio: {
                add_chardev(b, channel.source, alias);
                const bool is_agent =
                    channel.source.type == Type::spicevmc || channel.source.type == Type::qemu_vdagent;
                add_virtio_port(b, "virtserialport", channel.info,
                                is_agent && channel.name.empty() ? "com.redhat.spice.0" : channel.name);
                break;
            }
            case Channel::Target::guestfwd: {
                add_chardev(b, channel.source, alias);
                const std::string rule =
                    fmt::format("tcp:{}:{}-chardev:char{}", channel.address, channel.port.value_or(0), alias);
                b.option("-netdev", Props("user", "type")
                                        .add("guestfwd", boost::json::array{Props(rule, "str").object()})
                                        .add("id", alias));
                break;
            }
            case Channel::Target::xen:
                unsupported("<channel> with target type 'xen' is not supported by QEMU");
        }
    }
}

void add_consoles(Builder& b) {
    for (const Console& console : b.devices.consoles) {
        switch (console.target.value_or(Console::Target::serial)) {
            case Console::Target::serial:
                break;  // the serial line is there already
            case Console::Target::virtio:
                add_chardev(b, console.source, console.info.alias);
                add_virtio_port(b, "virtconsole", console.info, "");
                break;
            case Console::Target::sclp:
            case Console::Target::sclplm: {
                add_chardev(b, console.source, console.info.alias);
                const bool is_line_mode = console.target == Console::Target::sclplm;
                b.device(Props(is_line_mode ? "sclplmconsole" : "sclpconsole")
                             .add("chardev", "char" + console.info.alias)
                             .add("id", console.info.alias));
                break;
            }
            default:
                unsupported(fmt::format("unsupported console target type {}", xml::name(*console.target)));
        }
    }
}

}  // namespace innkeeper::qemu
