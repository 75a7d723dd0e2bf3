#include "model/domain/hostdev.h"

#include <fmt/format.h>

#include "xml/parts.h"

namespace innkeeper::model {

namespace {

using Mode = Hostdev::Mode;
using Type = Hostdev::Type;

template <Type... types>
bool is_one_of(const Hostdev& device) {
    return ((device.type == types) || ...);
}
bool is_iscsi(const Hostdev& device) { return device.is_iscsi(); }
bool has_host_adapter(const Hostdev& device) { return device.type == Type::scsi && !device.is_iscsi(); }
bool is_subsystem(const Hostdev& device) { return device.mode == Mode::subsystem; }

void ignore(const xml::Node&, Hostdev&, const xml::ParseFlags&) {}
void write_iscsi(const Hostdev&, xml::Writer& writer) { writer.attribute("protocol", "iscsi"); }
void write_vhost(const Hostdev&, xml::Writer& writer) { writer.attribute("protocol", "vhost"); }

/// The kind is read first, since an adapter and a target that is reached over the network look alike until then.
void read_protocol(const xml::Node& node, Hostdev& device, const xml::ParseFlags&) {
    if (node.attribute("protocol") == "iscsi" && node.attribute("name")) device.iscsi_name = *node.attribute("name");
}
void nothing(const Hostdev&, xml::Writer&) {}

const auto host_element = xml::describe<StorageHost>("host", xml::attribute("name", &StorageHost::name),
                                                     xml::attribute("port", &StorageHost::port));

[[noreturn]] void refuse(ErrorCode code, std::string sentence) {
    throw Error(code, ErrorDomain::domain, std::move(sentence));
}

void check_iscsi(Hostdev& device) {
    if (device.iscsi_hosts.empty()) refuse(ErrorCode::xml_error, "missing the host address for the iSCSI hostdev");
    if (device.iscsi_hosts.size() > 1)
        refuse(ErrorCode::xml_error, "only one source host address may be specified for the iSCSI hostdev");
    if (device.iscsi_auth && device.iscsi_auth->secret.type != "iscsi")
        refuse(ErrorCode::internal_error,
               fmt::format("hostdev invalid secret type '{}'", device.iscsi_auth->secret.type));
    if (!device.iscsi_name.contains('/')) device.iscsi_name += "/0";
}

void check_scsi(Hostdev& device, const xml::Node& source) {
    if (const auto protocol = source.attribute("protocol"); protocol && *protocol != "iscsi" && *protocol != "adapter")
        refuse(ErrorCode::config_unsupported, fmt::format("Unknown SCSI subsystem protocol '{}'", *protocol));
    if (device.is_iscsi()) {
        check_iscsi(device);
    } else {
        if (!source.child("address"))
            refuse(ErrorCode::xml_error, "'address' must be specified for scsi hostdev source");
        if (device.scsi_adapter.empty())
            refuse(ErrorCode::xml_error, "'adapter' name must be specified for scsi hostdev source");
        for (const auto& [name, is_there] : {std::pair{"bus", device.scsi_bus.has_value()},
                                             {"target", device.scsi_target.has_value()},
                                             {"unit", device.scsi_unit.has_value()}})
            if (!is_there)
                refuse(ErrorCode::xml_error, fmt::format("Missing required attribute '{}' in element 'address'", name));
    }
    if (device.info.has_address() && !device.info.at<DriveAddress>())
        refuse(ErrorCode::config_unsupported, "SCSI host device must use 'drive' address type");
}

/// An adapter of the host's that is shared by virtio is known by a name of the NAA format.
void check_scsi_host(const Hostdev& device, const xml::Node& source) {
    const auto protocol = source.attribute("protocol");
    if (!protocol) refuse(ErrorCode::xml_error, "Missing scsi_host subsystem protocol");
    if (*protocol != "vhost")
        refuse(ErrorCode::config_unsupported, fmt::format("Unknown scsi_host subsystem protocol '{}'", *protocol));
    if (device.wwpn.empty()) refuse(ErrorCode::xml_error, "missing vhost-scsi hostdev source wwpn");
    const std::string_view wwpn = device.wwpn;
    if (!wwpn.starts_with("naa.") || wwpn.size() != 20 ||
        wwpn.find_first_not_of("0123456789abcdefABCDEF", 4) != wwpn.npos)
        refuse(ErrorCode::xml_error, "malformed 'wwpn' value");
}

void check_hostdev(Hostdev& device, const xml::Node& node, const xml::ParseFlags&) {
    const bool fits = (device.type >= Type::storage) == (device.mode == Mode::capabilities);
    if (!fits)
        throw Error(ErrorCode::xml_error, fmt::format("Invalid value for attribute 'type' in element 'hostdev': '{}'.",
                                                      xml::name(device.type)));
    const auto source = node.child("source");
    if (!source) throw Error(ErrorCode::xml_error, "missing source element in hostdev device");
    if (!device.managed) device.managed = false;
    if (device.type == Type::mdev) {
        if (!device.mdev_model)
            throw Error(ErrorCode::xml_error, "Missing 'model' attribute in mediated device's <hostdev> element");
        if (!device.mdev_uuid)
            throw Error(ErrorCode::config_unsupported, "Missing 'uuid' attribute for element <address>");
        const bool is_pci = device.mdev_model == Hostdev::MdevModel::vfio_pci;
        if (is_pci && device.info.at<DriveAddress>())
            throw Error(ErrorCode::xml_error, "Unsupported address type 'drive' with mediated device model 'vfio-pci'");
    }
    // Without an address of its own it is the first device of all, as with the peer.
    if (device.type == Type::pci && !device.pci) device.pci.emplace();
    if (device.type == Type::scsi) check_scsi(device, source);
    if (device.type == Type::scsi_host) check_scsi_host(device, source);
    if (device.sgio == "unfiltered")
        throw Error(ErrorCode::config_unsupported, "unfiltered sgio is no longer supported");
    if (device.type == Type::usb && device.mode == Mode::subsystem && device.info.has_address() &&
        !device.info.at<UsbAddress>())
        throw Error(ErrorCode::config_unsupported, "USB host device must use 'usb' address type");
    if (device.type == Type::usb && !device.vendor && !device.bus)
        throw Error(ErrorCode::xml_error, "hostdev is missing vendor and product id or bus and device number");
}

}  // namespace

std::optional<std::string> Hostdev::source_key() const {
    const auto key = [this](const auto&... parts) {
        std::string out = fmt::format("{}/{}", xml::name(mode), xml::name(type));
        ((out += fmt::format("\n{}", parts)), ...);
        return out;
    };
    const auto number = [](const auto& part) { return part ? std::to_string(*part) : ""; };
    switch (type) {
        case Type::usb:
            return key(number(vendor), number(product), number(bus), number(device));
        case Type::pci:
            if (!pci) return std::nullopt;
            return key(pci->domain, pci->bus, pci->slot, pci->function);
        case Type::scsi:
            return key(iscsi_name, scsi_adapter, number(scsi_bus), number(scsi_target), number(scsi_unit));
        case Type::scsi_host:
            return key(wwpn);
        case Type::mdev:
            return key(mdev_uuid ? mdev_uuid->text() : "");
        default:
            return key(path);
    }
}

const xml::Element<Hostdev> hostdev_element =
    xml::describe<Hostdev>(
        "hostdev", xml::attribute("mode", &Hostdev::mode),
        xml::attribute("type", &Hostdev::type)
            .required()
            .complain(ErrorCode::config_unsupported, "unknown host device source address type '{}'"),
        xml::attribute("managed", &Hostdev::managed, xml::yes_no).written_when(is_subsystem),
        xml::attribute("rawio", &Hostdev::raw_io, xml::yes_no), xml::attribute("sgio", &Hostdev::sgio),
        xml::when(is_one_of<Type::mdev>, xml::attribute("model", &Hostdev::mdev_model)),
        xml::when(is_one_of<Type::scsi_host>, xml::attribute("model", &Hostdev::scsi_host_model)),
        xml::attribute("display", &Hostdev::display, xml::on_off),
        xml::attribute("ramfb", &Hostdev::ramfb, xml::on_off),
        xml::child("driver", xml::attribute("name", &Hostdev::driver).omit("default")),
        xml::when(is_one_of<Type::usb>,
                  xml::child("source", xml::attribute("startupPolicy", &Hostdev::startup_policy),
                             xml::attribute("guestReset", &Hostdev::guest_reset),
                             xml::child("vendor", xml::attribute("id", &Hostdev::vendor).hex(4)),
                             xml::child("product", xml::attribute("id", &Hostdev::product).hex(4)),
                             xml::child("address", xml::attribute("bus", &Hostdev::bus),
                                        xml::attribute("device", &Hostdev::device)))),
        xml::when(is_one_of<Type::pci>,
                  xml::child("source", xml::attribute("writeFiltering", &Hostdev::write_filtering, xml::yes_no),
                             xml::child("address", &Hostdev::pci, host_pci_address_element))),
        xml::when(
            is_one_of<Type::scsi>,
            xml::child(
                "source", xml::by_hand(read_protocol, nothing),
                xml::when(
                    is_iscsi, xml::by_hand(ignore, write_iscsi).holds("@protocol"),
                    xml::attribute("name", &Hostdev::iscsi_name), xml::children(&Hostdev::iscsi_hosts, host_element),
                    xml::child(&Hostdev::iscsi_auth, storage_auth_element),
                    xml::child("initiator", xml::child("iqn", xml::attribute("name", &Hostdev::iscsi_initiator)))),
                xml::when(has_host_adapter, xml::child("adapter", xml::attribute("name", &Hostdev::scsi_adapter)),
                          xml::child("address", xml::attribute("bus", &Hostdev::scsi_bus),
                                     xml::attribute("target", &Hostdev::scsi_target),
                                     xml::attribute("unit", &Hostdev::scsi_unit))))),
        xml::when(is_one_of<Type::scsi_host>, xml::child("source", xml::by_hand(ignore, write_vhost).holds("@protocol"),
                                                         xml::attribute("wwpn", &Hostdev::wwpn))),
        xml::when(is_one_of<Type::mdev>,
                  xml::child("source", xml::child("address", xml::attribute("uuid", &Hostdev::mdev_uuid)))),
        xml::when(is_one_of<Type::storage>, xml::child("source", xml::value("block", &Hostdev::path))),
        xml::when(is_one_of<Type::misc>, xml::child("source", xml::value("char", &Hostdev::path))),
        xml::when(is_one_of<Type::net>, xml::child("source", xml::value("interface", &Hostdev::path))),
        xml::child(&Hostdev::teaming, teaming_element), xml::flag("readonly", &Hostdev::readonly),
        xml::flag("shareable", &Hostdev::shareable), xml::children(&Hostdev::addresses, ip_address_element),
        xml::children(&Hostdev::routes, ip_route_element), xml::embed(&Hostdev::info, device_info_element))
        .finished_by(check_hostdev);

}  // namespace innkeeper::model
