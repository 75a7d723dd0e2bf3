#include "model/domain/graphics.h"

#include <fmt/format.h>

#include <algorithm>

#include "drivers/qemu/command/builder.h"

/// The servers, windows and busses on which a user sees the guest's screen.
namespace innkeeper::qemu {

using model::Graphics;
using model::GraphicsListen;
using Type = Graphics::Type;

namespace {

const GraphicsListen* listen_of(const Graphics& graphics) {
    return graphics.listens.empty() ? nullptr : &graphics.listens.front();
}

/// Where nothing was said, the configuration's address; a network's has been looked up at the start.
std::string address_of(const GraphicsListen* listen, const std::string& fallback) {
    return listen && !listen->address.empty() ? listen->address : fallback;
}

/// In native no port is taken: the first of the range stands for it.
int port_of(const Builder& b, std::optional<int> port, int first, std::string_view what) {
    if (port && *port > 0) return *port;
    if (b.is_native()) return first;
    throw Error(ErrorCode::internal_error, fmt::format("{} has not been given a port", what));
}

std::string socket_of(const Builder& b, const GraphicsListen& listen, std::string_view name) {
    return listen.socket.empty() ? fmt::format("{}/{}.sock", b.context.directory, name) : listen.socket;
}

std::string audio_of(const Builder& b, std::optional<unsigned> id) {
    if (!id && !b.devices.audios.empty()) id = b.devices.audios.front().id;
    return id ? fmt::format("audio{}", *id) : "";
}

void add_vnc_options(Builder& b, const Graphics& graphics, Pairs& words) {
    const CommandContext::Vnc& settings = b.context.vnc;
    if (graphics.websocket)
        words.word(fmt::format("websocket={}", *graphics.websocket < 0 ? 5700 : *graphics.websocket));
    if (graphics.share_policy) words.add("share", xml::name(*graphics.share_policy));
    if (!graphics.password.empty() || settings.has_password) words.word("password=on");
    if (!settings.tls.directory.empty()) {
        b.tls_object("vnc-tls-creds0", settings.tls, "server", "vnc-tls-creds0-secret0");
        words.word("tls-creds=vnc-tls-creds0");
    }
    if (settings.sasl) {
        words.word("sasl=on");
        if (!settings.sasl_directory.empty())
            b.line.environment.emplace_back("SASL_CONF_PATH", settings.sasl_directory);
    }
    words.on_off("power-control", graphics.power_control);
    words.add_if("audiodev", audio_of(b, graphics.audio_id));
}

void add_vnc(Builder& b, const Graphics& graphics) {
    const GraphicsListen* listen = listen_of(graphics);
    Pairs words;
    if (listen && listen->type == GraphicsListen::Type::socket) {
        words.add("vnc", "unix:" + socket_of(b, *listen, "vnc"));
    } else if (listen && listen->type == GraphicsListen::Type::none) {
        words.word("none");
    } else {
        const std::string address = address_of(listen, b.context.vnc.listen);
        const bool has_none = graphics.autoport == false && graphics.port.value_or(0) <= 0;
        const int port = has_none ? 0 : port_of(b, graphics.port, 5900, "vnc");
        if (port < 5900 || port > 65535) unsupported("vnc port must be in range [5900,65535]");
        const bool is_ipv6 = address.find(':') != address.npos;
        words.word(escaped(fmt::format("{}{}{}:{}", is_ipv6 ? "[" : "", address, is_ipv6 ? "]" : "", port - 5900)));
    }
    add_vnc_options(b, graphics, words);
    b.option("-vnc", words);
    if (!graphics.keymap.empty()) b.option("-k", graphics.keymap);
}

void add_spice_ports(Builder& b, const Graphics& graphics, Pairs& words) {
    const CommandContext::Spice& settings = b.context.spice;
    const bool has_tls = !settings.tls.directory.empty();
    const bool wants_tls_only = graphics.default_mode == Graphics::SpiceMode::secure;
    if (!wants_tls_only || (graphics.port && *graphics.port > 0))
        words.word(fmt::format("port={}", port_of(b, graphics.port, 5901, "spice")));
    if (graphics.tls_port && *graphics.tls_port > 0) {
        if (!has_tls) unsupported("spice TLS port set in XML configuration, but TLS is disabled in qemu.conf");
        words.add("tls-port", *graphics.tls_port);
    }
    words.add_if("addr", address_of(listen_of(graphics), settings.listen));
}

void add_spice_channels(const Builder& b, const Graphics& graphics, Pairs& words) {
    const bool has_tls = graphics.tls_port && *graphics.tls_port > 0;
    const auto refuse_without_tls = [&](Graphics::SpiceMode mode, std::string_view what) {
        if (mode == Graphics::SpiceMode::secure && !has_tls)
            unsupported(fmt::format("spice {} set in XML configuration, but TLS is not provided", what));
    };
    if (has_tls) words.add_if("x509-dir", b.context.spice.tls.directory);
    const auto add_mode = [&](Graphics::SpiceMode mode, std::string_view channel) {
        if (mode == Graphics::SpiceMode::secure) words.add("tls-channel", channel);
        if (mode == Graphics::SpiceMode::insecure) words.add("plaintext-channel", channel);
    };
    if (graphics.default_mode) {
        refuse_without_tls(*graphics.default_mode, "defaultMode secure");
        add_mode(*graphics.default_mode, "default");
    }
    for (const Graphics::SpiceChannel& channel : graphics.channels) {
        refuse_without_tls(channel.mode, "secure channels");
        add_mode(channel.mode, xml::name(channel.name));
    }
}

void add_spice_options(const Graphics& graphics, Pairs& words) {
    if (graphics.image) words.add("image-compression", xml::name(*graphics.image));
    if (graphics.jpeg) words.add("jpeg-wan-compression", xml::name(*graphics.jpeg));
    if (graphics.zlib) words.add("zlib-glz-wan-compression", xml::name(*graphics.zlib));
    words.on_off("playback-compression", graphics.playback_compression);
    if (graphics.streaming) words.add("streaming-video", xml::name(*graphics.streaming));
    if (graphics.clipboard_copypaste == false) words.word("disable-copy-paste=on");
    if (graphics.file_transfer == false) words.word("disable-agent-file-xfer=on");
    if (graphics.gl == true) {
        words.word("gl=on");
        words.add_if("rendernode", graphics.render_node);
    }
}

void add_spice(Builder& b, const Graphics& graphics) {
    const GraphicsListen* listen = listen_of(graphics);
    const CommandContext::Spice& settings = b.context.spice;
    Pairs words;
    if (listen && listen->type == GraphicsListen::Type::socket)
        words.word("unix").add("addr", socket_of(b, *listen, "spice"));
    else if (listen && listen->type == GraphicsListen::Type::none)
        words.word("port=0");
    else
        add_spice_ports(b, graphics, words);
    if (settings.sasl) {
        words.word("sasl=on");
        if (!settings.sasl_directory.empty())
            b.line.environment.emplace_back("SASL_CONF_PATH", settings.sasl_directory);
    }
    if (graphics.mouse) words.on_off("agent-mouse", *graphics.mouse == Graphics::Mouse::client);
    // A password is set over the monitor; one that has only an end must be asked for as well.
    const bool has_password =
        !graphics.password.empty() || settings.has_password || !graphics.password_valid_to.empty();
    if (!has_password) words.word("disable-ticketing=on");
    add_spice_channels(b, graphics, words);
    add_spice_options(graphics, words);
    words.word("seamless-migration=on");
    b.option("-spice", words);
    if (!graphics.keymap.empty()) b.option("-k", graphics.keymap);
}

void add_sdl(Builder& b, const Graphics& graphics) {
    if (!graphics.xauth.empty()) b.line.environment.emplace_back("XAUTHORITY", graphics.xauth);
    if (!graphics.display.empty()) b.line.environment.emplace_back("DISPLAY", graphics.display);
    if (graphics.fullscreen == true) b.option("-full-screen");
    b.option("-display", Pairs("sdl").on_off("gl", graphics.gl));
}

void add_dbus(Builder& b, const Graphics& graphics) {
    Pairs words("dbus");
    if (graphics.p2p == true) {
        words.word("p2p=on");
    } else {
        const std::string address = graphics.dbus_address.empty()
                                        ? fmt::format("unix:path={}/dbus/{}-dbus.sock", b.context.state_directory,
                                                      short_name(b.context.id, b.domain.name))
                                        : graphics.dbus_address;
        words.add("addr", address);
    }
    if (graphics.gl == true) words.word("gl=on").add_if("rendernode", graphics.render_node);
    if (graphics.audio_id) words.add("audiodev", audio_of(b, graphics.audio_id));
    b.option("-display", words);
}

}  // namespace

void add_graphics(Builder& b) {
    for (const Graphics& graphics : b.devices.graphics) {
        switch (graphics.type) {
            case Type::vnc:
                add_vnc(b, graphics);
                break;
            case Type::spice:
                add_spice(b, graphics);
                break;
            case Type::sdl:
                add_sdl(b, graphics);
                break;
            case Type::egl_headless:
                b.option("-display", Pairs("egl-headless").add_if("rendernode", graphics.render_node));
                break;
            case Type::dbus:
                add_dbus(b, graphics);
                break;
            case Type::rdp:
            case Type::desktop:
                unsupported(fmt::format("unsupported graphics type '{}'", xml::name(graphics.type)));
        }
    }
}

}  // namespace innkeeper::qemu
