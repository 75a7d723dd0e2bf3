#pragma once

#include <optional>
#include <string>
#include <vector>

#include "xml/description.h"

namespace innkeeper::model {

/// Where a graphics server listens.
struct GraphicsListen {
    enum class Type { address, network, socket, none };
    Type type = Type::address;
    std::string address, network, socket;
    bool auto_generated = false;  ///< the daemon chose the socket or the address, not the definition
    bool operator==(const GraphicsListen&) const = default;
};
constexpr auto names_of(GraphicsListen::Type) { return xml::names("address", "network", "socket", "none"); }

/// How a user sees the guest's screen. Which members count depends on the type.
struct Graphics {
    enum class Type { sdl, vnc, rdp, desktop, spice, egl_headless, dbus };
    enum class SharePolicy { allow_exclusive, force_shared, ignore };
    enum class Connected { keep, disconnect, fail };
    enum class SpiceMode { secure, insecure, any };
    enum class SpiceChannelName { main, display, inputs, cursor, playback, record, smartcard, usbredir };
    enum class ImageCompression { auto_glz, auto_lz, quic, glz, lz, off };
    enum class LossyCompression { auto_, never, always };
    enum class Streaming { filter, all, off };
    enum class Mouse { server, client };
    struct SpiceChannel {
        SpiceChannelName name = SpiceChannelName::main;
        SpiceMode mode = SpiceMode::any;
        bool operator==(const SpiceChannel&) const = default;
    };

    Type type = Type::vnc;

    // vnc, spice, rdp
    std::optional<int> port, tls_port;  ///< -1: to be found at start
    std::optional<bool> autoport;
    std::optional<int> websocket;
    bool websocket_generated = false;
    std::vector<GraphicsListen> listens;
    std::string keymap;
    std::string password;
    std::string password_valid_to;  ///< "2010-04-09T15:51:00"
    std::optional<Connected> connected;
    std::optional<SharePolicy> share_policy;
    std::optional<bool> power_control;
    bool replace_user = false, multi_user = false;  ///< rdp

    // sdl, desktop
    std::string display, xauth;
    std::optional<bool> fullscreen;

    // spice
    std::optional<SpiceMode> default_mode;
    std::vector<SpiceChannel> channels;
    std::optional<ImageCompression> image;
    std::optional<LossyCompression> jpeg, zlib;
    std::optional<bool> playback_compression;
    std::optional<Streaming> streaming;
    std::optional<bool> clipboard_copypaste;
    std::optional<Mouse> mouse;
    std::optional<bool> file_transfer;

    // dbus
    std::optional<bool> p2p;
    std::string dbus_address;
    bool dbus_address_from_config = false;

    std::optional<bool> gl;
    std::string render_node;
    std::optional<unsigned> audio_id;

    bool has_network_port() const { return type == Type::vnc || type == Type::spice || type == Type::rdp; }

    bool operator==(const Graphics&) const = default;
};
constexpr auto names_of(Graphics::Type) {
    return xml::names("sdl", "vnc", "rdp", "desktop", "spice", "egl-headless", "dbus");
}
constexpr auto names_of(Graphics::SharePolicy) { return xml::names("allow-exclusive", "force-shared", "ignore"); }
constexpr auto names_of(Graphics::Connected) { return xml::names("keep", "disconnect", "fail"); }
constexpr auto names_of(Graphics::SpiceMode) { return xml::names("secure", "insecure", "any"); }
constexpr auto names_of(Graphics::SpiceChannelName) {
    return xml::names("main", "display", "inputs", "cursor", "playback", "record", "smartcard", "usbredir");
}
constexpr auto names_of(Graphics::ImageCompression) {
    return xml::names("auto_glz", "auto_lz", "quic", "glz", "lz", "off");
}
constexpr auto names_of(Graphics::LossyCompression) { return xml::names("auto", "never", "always"); }
constexpr auto names_of(Graphics::Streaming) { return xml::names("filter", "all", "off"); }
constexpr auto names_of(Graphics::Mouse) { return xml::names("server", "client"); }

extern const xml::Element<GraphicsListen> graphics_listen_element;
extern const xml::Element<Graphics> graphics_element;

}  // namespace innkeeper::model
