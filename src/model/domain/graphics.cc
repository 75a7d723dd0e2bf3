#include "model/domain/graphics.h"

#include <fmt/format.h>

#include "xml/parts.h"

namespace innkeeper::model {

namespace {

using Type = Graphics::Type;
using Listen = GraphicsListen;

template <Type... types>
bool is_one_of(const Graphics& graphics) {
    return ((graphics.type == types) || ...);
}

const auto spice_channel_element =
    xml::describe<Graphics::SpiceChannel>("channel", xml::attribute("name", &Graphics::SpiceChannel::name).required(),
                                          xml::attribute("mode", &Graphics::SpiceChannel::mode).required());

/// Where a listening network has its address is known while the guest runs, as is what the configuration chose.
bool address_is_shown(const Listen& listen, const xml::FormatFlags& flags) {
    return !flags.inactive || (listen.type == Listen::Type::address && !listen.auto_generated);
}
bool socket_is_shown(const Listen& listen, const xml::FormatFlags& flags) {
    return !flags.inactive || !listen.auto_generated;
}

void check_listen(Listen& listen, const xml::Node&, const xml::ParseFlags& flags) {
    if (listen.type == Listen::Type::network && listen.network.empty())
        throw Error(ErrorCode::xml_error, "'network' attribute is required for listen type 'network'");
    if (listen.type != Listen::Type::network && !listen.network.empty())
        throw Error(ErrorCode::xml_error,
                    fmt::format("'network' attribute not allowed when listen type is not network"));
    if (listen.type == Listen::Type::network && !flags.live) listen.address.clear();
    if (listen.type == Listen::Type::none) listen.address.clear();
}

/// The oldest way to say where to listen is an attribute of the element itself, which readers of every age still find
/// there: it repeats the first listener.
void read_first_listen(const xml::Node& node, Graphics& graphics, const xml::ParseFlags&) {
    const std::string address(node.attribute("listen").value_or(""));
    const std::string socket(graphics.type == Type::vnc ? node.attribute("socket").value_or("") : "");
    auto& listens = graphics.listens;
    if (!socket.empty() && (listens.empty() || listens[0].type == Listen::Type::address)) {
        listens = {Listen{.type = Listen::Type::socket, .socket = socket}};
        return;
    }
    if (listens.empty()) {
        listens.push_back({.type = Listen::Type::address, .address = address});
        return;
    }
    const auto& first = listens[0];
    if (!address.empty() && first.type == Listen::Type::address && !first.address.empty() && address != first.address)
        throw Error(ErrorCode::xml_error,
                    fmt::format("graphics 'listen' attribute '{}' must match 'address' attribute of first listen "
                                "element (found '{}')",
                                address, first.address));
    if (!socket.empty() && first.type == Listen::Type::socket && !first.socket.empty() && socket != first.socket)
        throw Error(ErrorCode::xml_error,
                    fmt::format("graphics 'socket' attribute '{}' must match 'socket' attribute of first listen "
                                "element (found '{}')",
                                socket, first.socket));
}

void write_first_listen(const Graphics& graphics, xml::Writer& writer) {
    for (const auto& listen : graphics.listens) {
        if (listen.type == Listen::Type::socket) {
            if (graphics.type == Type::vnc && !listen.socket.empty() && socket_is_shown(listen, writer.flags()))
                writer.attribute("socket", listen.socket);
        } else if (!listen.address.empty() && address_is_shown(listen, writer.flags())) {
            writer.attribute("listen", listen.address);
        }
        return;
    }
}

bool listens_on_the_network(const Graphics& graphics) {
    return graphics.listens.empty() || graphics.listens[0].type == Listen::Type::address ||
           graphics.listens[0].type == Listen::Type::network;
}

/// Says in one way what can be said in several: a port of -1 and (but for spice) a missing one ask for any free port, a
/// definition does not keep the port that a running guest got, and without a network there are no ports.
void settle_ports(Graphics& graphics, const xml::Node&, const xml::ParseFlags& flags) {
    if (!graphics.has_network_port()) return;
    const bool is_spice = graphics.type == Type::spice;
    const bool has_port = graphics.port.value_or(0) != 0 || graphics.tls_port.value_or(0) != 0;
    const bool wants_any = is_spice ? graphics.port == -1 && graphics.tls_port.value_or(-1) == -1
                                    : graphics.port == -1 || (!has_port && !graphics.autoport);
    if (wants_any) graphics.autoport = true;
    if (!graphics.autoport) graphics.autoport = false;
    auto& first = graphics.listens[0];
    if (is_spice && !has_port && !*graphics.autoport && first == Listen{}) first.type = Listen::Type::none;
    if (!listens_on_the_network(graphics)) graphics.autoport.reset();
    if (!listens_on_the_network(graphics) || (*graphics.autoport && !flags.live)) {
        graphics.port.reset();
        graphics.tls_port.reset();
    }
}

/// A definition shows the wish, a running guest the port that it got.
void write_ports(const Graphics& graphics, xml::Writer& writer) {
    const bool is_silent =
        graphics.type == Type::spice && !graphics.listens.empty() && graphics.listens[0].type == Listen::Type::none;
    // Older versions know no listener that does not listen, but a server without any port.
    if (is_silent && writer.flags().migratable) writer.attribute("autoport", "no");
    if (!listens_on_the_network(graphics)) return;
    const bool automatic = graphics.autoport.value_or(false);
    const bool hidden = automatic && writer.flags().inactive;
    const int port = hidden ? 0 : graphics.port.value_or(0), tls_port = hidden ? 0 : graphics.tls_port.value_or(0);
    if (port)
        writer.attribute("port", std::to_string(port));
    else if (automatic && graphics.type != Type::spice)
        writer.attribute("port", graphics.type == Type::vnc ? "-1" : "0");
    if (tls_port && graphics.type == Type::spice) writer.attribute("tlsPort", std::to_string(tls_port));
    if (automatic || graphics.type != Type::rdp) writer.attribute("autoport", automatic ? "yes" : "no");
}

void write_listens(const Graphics& graphics, xml::Writer& writer) {
    for (const auto& listen : graphics.listens) {
        // What the older attributes say is not said twice to those who may know nothing else.
        const bool is_first = &listen == &graphics.listens.front();
        const bool is_said =
            (listen.type == Listen::Type::none && graphics.type == Type::spice) ||
            (listen.type == Listen::Type::socket && graphics.type == Type::vnc && !listen.socket.empty());
        if (writer.flags().migratable && is_first && is_said) continue;
        graphics_listen_element.write(listen, writer);
    }
}
void read_listens(const xml::Node& node, Graphics& graphics, const xml::ParseFlags& flags) {
    for (auto listen = node.child("listen"); listen; listen = listen.next("listen"))
        graphics.listens.push_back(graphics_listen_element.read(listen, flags));
}

void ignore(const xml::Node&, Graphics&, const xml::ParseFlags&) {}
void nothing(const Graphics&, xml::Writer&) {}

}  // namespace

const xml::Element<Listen> graphics_listen_element =
    xml::describe<Listen>("listen", xml::attribute("type", &Listen::type).required(),
                          xml::attribute("address", &Listen::address).written_when(address_is_shown),
                          xml::attribute("network", &Listen::network),
                          xml::attribute("socket", &Listen::socket).written_when(socket_is_shown))
        .finished_by(check_listen);

const xml::Element<Graphics> graphics_element =
    xml::describe<Graphics>(
        "graphics", xml::attribute("type", &Graphics::type).required(),
        xml::when(is_one_of<Type::vnc, Type::spice, Type::rdp>, xml::attribute("port", &Graphics::port).legacy(),
                  xml::attribute("tlsPort", &Graphics::tls_port).legacy(),
                  xml::attribute("autoport", &Graphics::autoport, xml::yes_no).legacy(),
                  xml::by_hand(ignore, write_ports)),
        xml::when(
            is_one_of<Type::vnc>, xml::attribute("websocket", &Graphics::websocket),
            xml::attribute("websocketGenerated", &Graphics::websocket_generated, xml::yes_no).omit("no").live_only()),
        xml::when(is_one_of<Type::vnc, Type::spice, Type::rdp>,
                  xml::by_hand(read_listens, nothing).holds(xml::children(&Graphics::listens, graphics_listen_element)),
                  xml::by_hand(read_first_listen, write_first_listen).holds("@listen", "@socket")),
        xml::when(is_one_of<Type::rdp>, xml::attribute("replaceUser", &Graphics::replace_user, xml::yes_no).omit("no"),
                  xml::attribute("multiUser", &Graphics::multi_user, xml::yes_no).omit("no")),
        xml::when(is_one_of<Type::vnc, Type::spice>, xml::attribute("keymap", &Graphics::keymap)),
        xml::when(is_one_of<Type::vnc>, xml::attribute("sharePolicy", &Graphics::share_policy),
                  xml::attribute("powerControl", &Graphics::power_control, xml::yes_no)),
        xml::when(is_one_of<Type::spice>, xml::attribute("defaultMode", &Graphics::default_mode).omit("any")),
        xml::when(is_one_of<Type::sdl, Type::desktop>, xml::attribute("display", &Graphics::display)),
        xml::when(is_one_of<Type::sdl>, xml::attribute("xauth", &Graphics::xauth)),
        xml::when(is_one_of<Type::sdl, Type::desktop>,
                  xml::attribute("fullscreen", &Graphics::fullscreen, xml::yes_no).omit("no")),
        xml::when(
            is_one_of<Type::dbus>, xml::attribute("p2p", &Graphics::p2p, xml::yes_no).omit("no"),
            xml::attribute("address", &Graphics::dbus_address),
            xml::attribute("fromConfig", &Graphics::dbus_address_from_config, xml::yes_no).omit("no").live_only()),
        xml::when(is_one_of<Type::vnc, Type::spice>, xml::attribute("passwd", &Graphics::password).secret(),
                  xml::attribute("passwdValidTo", &Graphics::password_valid_to),
                  xml::attribute("connected", &Graphics::connected)),
        xml::by_hand(ignore, write_listens),
        xml::when(
            is_one_of<Type::spice>, xml::children(&Graphics::channels, spice_channel_element),
            xml::child("image", xml::attribute("compression", &Graphics::image).required()),
            xml::child("jpeg", xml::attribute("compression", &Graphics::jpeg).required()),
            xml::child("zlib", xml::attribute("compression", &Graphics::zlib).required()),
            xml::child("playback",
                       xml::attribute("compression", &Graphics::playback_compression, xml::on_off).required()),
            xml::child("streaming", xml::attribute("mode", &Graphics::streaming).required()),
            xml::child("mouse", xml::attribute("mode", &Graphics::mouse).required()),
            xml::child("clipboard",
                       xml::attribute("copypaste", &Graphics::clipboard_copypaste, xml::yes_no).required()),
            xml::child("filetransfer", xml::attribute("enable", &Graphics::file_transfer, xml::yes_no).required())),
        xml::child("gl", xml::attribute("enable", &Graphics::gl, xml::yes_no),
                   xml::attribute("rendernode", &Graphics::render_node)),
        xml::child("audio", xml::attribute("id", &Graphics::audio_id)))
        .finished_by(settle_ports);

}  // namespace innkeeper::model
