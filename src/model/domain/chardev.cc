#include "model/domain/chardev.h"

#include <fmt/format.h>

#include "xml/parts.h"

namespace innkeeper::model {

namespace {

using Source = ChardevSource;
using Type = Source::Type;

template <Type... types>
bool is_one_of(const Source& source) {
    return ((source.type == types) || ...);
}

constexpr std::array<std::string_view, 2> zero_one_words{"0", "1"};
constexpr std::span<const std::string_view> zero_one{zero_one_words};

const auto log_element = xml::describe<Source::Log>("log",  //
                                                    xml::attribute("file", &Source::Log::file),
                                                    xml::attribute("append", &Source::Log::append, xml::on_off));

/// A UDP line has two `<source>` elements, told apart by their mode: where it sends, and where it listens.
void read_udp(const xml::Node& node, Source& source, const xml::ParseFlags&) {
    for (auto end = node.child("source"); end; end = end.next("source")) {
        const bool binds = end.attribute("mode") == "bind";
        (binds ? source.bind_host : source.host) = end.attribute("host").value_or("");
        (binds ? source.bind_service : source.service) = end.attribute("service").value_or("");
    }
    if (source.service.empty())
        throw Error(ErrorCode::internal_error, "Missing source service attribute for char device");
}

void write_udp_end(xml::Writer& writer, std::string_view mode, const std::string& host, const std::string& service) {
    writer.open("source");
    writer.attribute("mode", mode);
    if (!host.empty()) writer.attribute("host", host);
    if (!service.empty()) writer.attribute("service", service);
    writer.close();
}

void write_udp(const Source& source, xml::Writer& writer) {
    if (!source.bind_host.empty() || !source.bind_service.empty())
        write_udp_end(writer, "bind", source.bind_host, source.bind_service);
    write_udp_end(writer, "connect", source.host, source.service);
}

/// The name of a pty is the host's answer to a start, not something to ask for.
bool path_is_shown(const Source& source, const xml::FormatFlags& flags) {
    return source.type != Type::pty || !flags.inactive;
}

void check_source(Source& source, const xml::Node& node, const xml::ParseFlags& flags) {
    // A line of the guest's that says nothing of where it leads.
    const auto device = node.name();
    const bool is_line = device == "serial" || device == "parallel" || device == "console" || device == "channel";
    if (is_line && !node.attribute("type")) source.type = Type::pty;
    const auto want = [](const std::string& value, std::string_view what) {
        if (value.empty())
            throw Error(ErrorCode::internal_error, fmt::format("Missing source {} attribute for char device", what));
    };
    const auto first = node.child("source");
    if (first && first.next("source") && source.type != Type::udp)
        throw Error(ErrorCode::xml_error, "only one source element is allowed for character device");
    switch (source.type) {
        case Type::pty:
            if (!flags.live) source.path.clear();
            break;
        case Type::dev:
        case Type::file:
        case Type::pipe:
            want(source.path, "path");
            break;
        case Type::tcp:
            if (!source.mode) source.mode = Source::Mode::connect;
            want(source.host, "host");
            want(source.service, "service");
            break;
        case Type::unix_:
            // Without a path the daemon chooses one for a channel, and the side with it.
            if (node.name() != "channel") want(source.path, "path");
            if (source.path.empty())
                source.mode.reset();
            else if (!source.mode)
                source.mode = Source::Mode::connect;
            break;
        case Type::spiceport:
            if (source.channel.empty())
                throw Error(ErrorCode::xml_error, "Missing source channel attribute for char device");
            break;
        case Type::spicevmc:
            if (node.name() == "serial" || node.name() == "parallel" || node.name() == "console")
                throw Error(ErrorCode::config_unsupported, "spicevmc device type only supports virtio");
            break;
        default:
            break;
    }
    if (source.reconnect.enabled && source.mode == Source::Mode::bind)
        throw Error(ErrorCode::internal_error, "chardev reconnect is possible only for connect mode");
    // Elsewhere the peer knows no labels.
    if (!is_line) source.labels.clear();
}

}  // namespace

/// The `type` stands at the device, the rest in `<source>` and beside it: these are parts of the device's element.
namespace {
constexpr std::string_view unknown_target = "unknown target type '{}' specified for character device";
}

const xml::Element<Source> chardev_type_element = xml::describe<Source>(
    "", xml::attribute("type", &Source::type)
            .complain(ErrorCode::config_unsupported, "unknown type presented to host for character device: {}"));

const xml::Element<Source> chardev_source_element =
    xml::describe<Source>(
        "",
        xml::when(is_one_of<Type::udp>,
                  xml::by_hand(read_udp, write_udp).holds("source@mode", "source@host", "source@service")),
        xml::when(is_one_of<Type::pty, Type::dev, Type::pipe>,
                  xml::child("source", xml::attribute("path", &Source::path).written_when(path_is_shown),
                             xml::children(&Source::labels, source_label_element))),
        xml::when(is_one_of<Type::file>, xml::child("source", xml::attribute("path", &Source::path),
                                                    xml::attribute("append", &Source::append, xml::on_off),
                                                    xml::children(&Source::labels, source_label_element))),
        xml::when(
            is_one_of<Type::tcp>,
            xml::child("source", xml::attribute("mode", &Source::mode), xml::attribute("host", &Source::host),
                       xml::attribute("service", &Source::service), xml::attribute("tls", &Source::tls, xml::yes_no),
                       xml::attribute("tlsFromConfig", &Source::tls_from_config, zero_one).omit("0").live_only(),
                       xml::child("reconnect", &Source::reconnect, reconnect_element)),
            xml::child("protocol", xml::attribute("type", &Source::protocol))),
        xml::when(
            is_one_of<Type::unix_>,
            xml::child("source", xml::attribute("mode", &Source::mode).written_when([](const Source& source) {
                return !source.path.empty();
            }),
                       xml::attribute("path", &Source::path), xml::children(&Source::labels, source_label_element),
                       xml::child("reconnect", &Source::reconnect, reconnect_element))),
        xml::when(is_one_of<Type::nmdm>, xml::child("source", xml::attribute("master", &Source::master),
                                                    xml::attribute("slave", &Source::slave))),
        xml::when(is_one_of<Type::spiceport, Type::dbus>,
                  xml::child("source", xml::attribute("channel", &Source::channel))),
        xml::when(
            is_one_of<Type::qemu_vdagent>,
            xml::child("source",
                       xml::child("clipboard", xml::attribute("copypaste", &Source::clipboard_copypaste, xml::yes_no)),
                       xml::child("mouse", xml::attribute("mode", &Source::mouse_mode)))),
        xml::child("log", &Source::log, log_element))
        .finished_by(check_source);

const xml::Element<Serial> serial_element = xml::describe<Serial>(
    "serial", xml::embed(&Serial::source, chardev_type_element), xml::embed(&Serial::source, chardev_source_element),
    xml::child("target",
               xml::attribute("type", &Serial::target).complain(ErrorCode::config_unsupported, unknown_target),
               xml::attribute("port", &Serial::port), xml::child("model", xml::attribute("name", &Serial::model))),
    xml::embed(&Serial::info, device_info_element));

const xml::Element<Parallel> parallel_element = xml::describe<Parallel>(
    "parallel", xml::embed(&Parallel::source, chardev_type_element),
    xml::embed(&Parallel::source, chardev_source_element),
    xml::child("target", xml::attribute("port", &Parallel::port)), xml::embed(&Parallel::info, device_info_element));

namespace {

/// Clients from before `<source>` look for a running console's terminal here.
void write_tty(const Console& console, xml::Writer& writer) {
    if (console.source.type == Type::pty && !console.source.path.empty() && !writer.flags().inactive)
        writer.attribute("tty", console.source.path);
}

void check_channel(Channel& channel) {
    if (!channel.target) throw Error(ErrorCode::xml_error, "Missing required attribute 'type' in element 'target'");
    if (*channel.target != Channel::Target::guestfwd) return;
    if (channel.address.empty()) throw Error(ErrorCode::xml_error, "guestfwd channel does not define a target address");
    if (!channel.port) throw Error(ErrorCode::xml_error, "guestfwd channel does not define a target port");
}

bool is_guestfwd(const Channel& channel) { return channel.target == Channel::Target::guestfwd; }
bool has_name(const Channel& channel) { return channel.target && !is_guestfwd(channel); }

}  // namespace

const xml::Element<Console> console_element = xml::describe<Console>(
    "console", xml::embed(&Console::source, chardev_type_element),
    xml::by_hand<Console>([](const xml::Node&, Console&, const xml::ParseFlags&) {}, write_tty).holds("@tty"),
    xml::embed(&Console::source, chardev_source_element),
    xml::child("target",
               xml::attribute("type", &Console::target).complain(ErrorCode::config_unsupported, unknown_target),
               xml::attribute("port", &Console::port)),
    xml::embed(&Console::info, device_info_element));

const xml::Element<Channel> channel_element =
    xml::describe<Channel>(
        "channel", xml::embed(&Channel::source, chardev_type_element),
        xml::embed(&Channel::source, chardev_source_element),
        xml::child("target",
                   xml::attribute("type", &Channel::target).complain(ErrorCode::config_unsupported, unknown_target),
                   xml::when(has_name, xml::attribute("name", &Channel::name),
                             xml::attribute("state", &Channel::state).live_only()),
                   xml::when(is_guestfwd, xml::attribute("address", &Channel::address),
                             xml::attribute("port", &Channel::port))),
        xml::embed(&Channel::info, device_info_element))
        .finished_by(check_channel);

}  // namespace innkeeper::model
