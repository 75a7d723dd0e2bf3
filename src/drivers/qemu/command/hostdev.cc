#include "model/domain/hostdev.h"

#include <fmt/format.h>

#include <algorithm>

#include "drivers/qemu/command/builder.h"
#include "drivers/qemu/command/storage_protocol.h"

/// Devices of the host that the guest gets.
namespace innkeeper::qemu {

using model::Hostdev;

namespace {

void add_usb(Builder& b, const Hostdev& hostdev) {
    if (!hostdev.bus || !hostdev.device)
        throw Error(ErrorCode::internal_error, "USB host device is missing bus/device information");
    Props props("usb-host");
    props.add("hostdevice", fmt::format("/dev/bus/usb/{:03}/{:03}", *hostdev.bus, *hostdev.device));
    props.add("id", hostdev.info.alias);
    if (hostdev.guest_reset == "off") props.add("guest-reset", false);
    if (hostdev.guest_reset == "uninitialized") props.add("guest-reset", true).add("guest-resets-all", false);
    if (hostdev.guest_reset == "on") props.add("guest-reset", true).add("guest-resets-all", true);
    props.add("bootindex", b.boot_index(hostdev.info));
    b.device(props, hostdev.info);
}

void add_teaming(const Hostdev& hostdev, Props& props) {
    if (hostdev.teaming && hostdev.teaming->type == model::Teaming::Type::transient)
        props.add("failover_pair_id", hostdev.teaming->persistent_alias);
}

void add_pci(Builder& b, const Hostdev& hostdev) {
    const auto driver = hostdev.driver.value_or(Hostdev::Driver::default_);
    const bool is_vfio = driver == Hostdev::Driver::vfio ||
                         (driver == Hostdev::Driver::default_ && (b.context.has_vfio || !b.is_native()));
    // Words alone cannot tell what a host without VFIO would do.
    if (!is_vfio && b.is_native())
        throw Error(ErrorCode::internal_error, fmt::format("invalid PCI passthrough type '{}'", xml::name(driver)));
    if (!is_vfio) unsupported("host doesn't support legacy PCI passthrough");
    if (!hostdev.pci) unsupported("<hostdev type='pci'> has no <source> address");
    const model::PciAddress& at = *hostdev.pci;
    Props props("vfio-pci");
    props.add("host", fmt::format("{:04x}:{:02x}:{:02x}.{:x}", at.domain, at.bus, at.slot, at.function));
    props.add("id", hostdev.info.alias).add("bootindex", b.boot_index(hostdev.info));
    add_teaming(hostdev, props);
    b.add_address(props, hostdev.info);
    b.add_rom(props, hostdev.info);
    b.device(props);
}

void add_mdev(Builder& b, const Hostdev& hostdev) {
    if (!hostdev.mdev_uuid) unsupported("<hostdev type='mdev'> has no uuid");
    const bool ramfb = hostdev.ramfb == true;
    const auto model = hostdev.mdev_model.value_or(Hostdev::MdevModel::vfio_pci);
    Props props(ramfb ? "vfio-pci-nohotplug" : xml::name(model));
    props.add("id", hostdev.info.alias).add("sysfsdev", "/sys/bus/mdev/devices/" + hostdev.mdev_uuid->text());
    if (model == Hostdev::MdevModel::vfio_pci) props.add("display", hostdev.display == true ? "on" : "off");
    if (ramfb) props.add("ramfb", true);
    props.add("bootindex", b.boot_index(hostdev.info));
    b.device(props, hostdev.info);
}

/// Behind the numbers of all images.
unsigned first_number(const model::Devices& devices) {
    unsigned number = 0;
    for (const model::Disk& disk : devices.disks) {
        number = std::max(number, disk.source.index.value_or(0));
        for (const auto* below = disk.backing ? &*disk.backing : nullptr; below;
             below = below->next ? &*below->next : nullptr)
            number = std::max(number, below->source.index.value_or(0));
    }
    return number + 1;
}

Props scsi_location(Builder& b, const Hostdev& hostdev, const std::string& node) {
    if (hostdev.is_iscsi()) {
        model::StorageSource source;
        source.protocol = model::StorageSource::Protocol::iscsi;
        source.name = hostdev.iscsi_name;
        source.hosts = hostdev.iscsi_hosts;
        source.auth = hostdev.iscsi_auth;
        source.initiator_iqn = hostdev.iscsi_initiator;
        return iscsi_location(b, source, node + "-secret0");
    }
    const auto found = b.context.scsi_generics.find(scsi_address(hostdev));
    if (found == b.context.scsi_generics.end())
        throw Error(ErrorCode::internal_error, "the generic device of a SCSI device has not been looked up");
    return Props("host_device").add("filename", found->second);
}

void add_scsi(Builder& b, const Hostdev& hostdev, unsigned number) {
    const auto* at = hostdev.info.at<model::DriveAddress>();
    if (at == nullptr) unsupported("<hostdev type='scsi'> has no address");
    const std::string node = fmt::format("libvirt-{}-backend", number);
    Props backend = scsi_location(b, hostdev, node);
    backend.add("node-name", node).add("read-only", hostdev.readonly);
    b.option("-blockdev", backend);

    Props props("scsi-generic");
    props.add("drive", node).add("id", hostdev.info.alias).add("bootindex", b.boot_index(hostdev.info));
    const auto* controller = b.controller(model::Controller::Type::scsi, at->controller);
    props.add("bus", b.controller_alias(model::Controller::Type::scsi, at->controller) + ".0");
    const bool is_parallel =
        controller != nullptr && (!controller->model || controller->model == model::Controller::Model::lsilogic);
    if (is_parallel)
        props.add("scsi-id", at->unit);
    else
        props.add("channel", at->bus).add("scsi-id", at->target).add("lun", at->unit);
    b.device(props);
}

void add_hostdev(Builder& b, const Hostdev& hostdev) {
    if (hostdev.mode == Hostdev::Mode::capabilities)
        unsupported("<hostdev mode='capabilities'> is not supported by QEMU");
    switch (hostdev.type) {
        case Hostdev::Type::usb:
            return add_usb(b, hostdev);
        case Hostdev::Type::pci:
            return add_pci(b, hostdev);
        case Hostdev::Type::mdev:
            return add_mdev(b, hostdev);
        default:
            unsupported(fmt::format("<hostdev type='{}'> is not supported yet", xml::name(hostdev.type)));
    }
}

}  // namespace

std::string scsi_address(const Hostdev& hostdev) {
    constexpr std::string_view prefix = "scsi_host";
    const std::string_view host = std::string_view(hostdev.scsi_adapter);
    const bool is_host = host.starts_with(prefix) && host.size() > prefix.size() &&
                         host.find_first_not_of("0123456789", prefix.size()) == host.npos;
    if (!is_host)
        throw Error(ErrorCode::internal_error, fmt::format("Cannot parse adapter '{}'", hostdev.scsi_adapter));
    return fmt::format("{}:{}:{}:{}", host.substr(prefix.size()), hostdev.scsi_bus.value_or(0),
                       hostdev.scsi_target.value_or(0), hostdev.scsi_unit.value_or(0));
}

void add_hostdevs(Builder& b) {
    unsigned number = first_number(b.devices);
    for (const Hostdev& hostdev : b.devices.hostdevs)
        if (hostdev.mode == Hostdev::Mode::subsystem && hostdev.type == Hostdev::Type::scsi)
            add_scsi(b, hostdev, number++);
        else
            add_hostdev(b, hostdev);
}

}  // namespace innkeeper::qemu
