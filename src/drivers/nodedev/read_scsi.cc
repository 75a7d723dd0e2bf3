#include <fmt/format.h>

#include <charconv>

#include "base/files.h"
#include "drivers/nodedev/readers.h"

namespace innkeeper::nodedev {

using namespace model::nodedev;

namespace {

/// Worldwide names stand in documents without what says that they are hexadecimal.
std::string wwn(const std::optional<std::string>& text) {
    if (!text) return "";
    return text->starts_with("0x") ? text->substr(2) : *text;
}

/// By the number that the standard gives a kind of unit; nameless for the others.
std::string_view type_name(unsigned type) {
    switch (type) {
        case 0x0:
            return "disk";
        case 0x1:
            return "tape";
        case 0x3:
            return "processor";
        case 0x4:
            return "worm";
        case 0x5:
            return "cdrom";
        case 0x6:
            return "scanner";
        case 0x7:
            return "mod";
        case 0x8:
            return "changer";
        case 0xc:
            return "raid";
        case 0xd:
            return "enclosure";
        default:
            return "";
    }
}

}  // namespace

std::optional<Device> read_scsi_host(const UdevDevice& from) {
    const auto name = from.name();
    ScsiHost host{.host = number(name.substr(std::string_view("host").size()))};
    if (!name.starts_with("host") || !host.host) return std::nullopt;
    const auto attribute = [&](std::string_view folder, std::string_view file) {
        return from.attribute(fmt::format("{}/{}/{}", folder, name, file).c_str());
    };
    host.unique_id = number(attribute("scsi_host", "unique_id"));
    const auto port = attribute("fc_host", "port_name"), node = attribute("fc_host", "node_name");
    if (port && node) {
        host.capabilities.push_back({FcHost{wwn(node), wwn(port), wwn(attribute("fc_host", "fabric_name"))}});
        if (path_exists(fmt::format("{}/fc_host/{}/vport_create", from.path(), name)))
            host.capabilities.push_back(
                {VportOperations{number(attribute("fc_host", "max_npiv_vports")).value_or(0),
                                 number(attribute("fc_host", "npiv_vports_inuse")).value_or(0)}});
    }
    return make_device(from, "scsi", name, {std::move(host)});
}

std::optional<Device> read_scsi_target(const UdevDevice& from) {
    ScsiTarget target{.target = from.name()};
    const auto path = from.path();
    if (const auto at = path.rfind("/rport-"); at != path.npos) {
        const auto port = path.substr(at + 1, path.find('/', at + 1) - at - 1);
        const auto name = read_file(fmt::format("/sys/class/fc_remote_ports/{}/port_name", port));
        if (name) target.capability = {FcRemotePort{port, name->substr(0, name->find('\n'))}};
    }
    return make_device(from, "scsi", from.name(), {std::move(target)});
}

std::optional<Device> read_scsi(const UdevDevice& from) {
    Scsi scsi;
    const auto name = from.name();
    const char* at = name.data();
    for (unsigned* field : {&scsi.host, &scsi.bus, &scsi.target, &scsi.lun}) {
        const auto [end, error] = std::from_chars(at, name.data() + name.size(), *field);
        if (error != std::errc{}) return std::nullopt;
        at = *end == ':' ? end + 1 : end;
    }
    const auto type = number(from.attribute("type"));
    if (!type) return std::nullopt;
    scsi.type = type_name(*type);
    return make_device(from, "scsi", name, {std::move(scsi)});
}

std::optional<Device> read_scsi_generic(const UdevDevice& from) {
    if (from.node().empty()) return std::nullopt;
    return make_device(from, "scsi_generic", from.name(), {ScsiGeneric{from.node()}});
}

}  // namespace innkeeper::nodedev
