#include "model/domain/hostdev.h"

#include <fmt/format.h>

#include "drivers/qemu/command/builder.h"

/// Devices of the host that the guest gets.
namespace innkeeper::qemu {

using model::Hostdev;

namespace {

void add_usb(Builder& b, const Hostdev& hostdev) {
    if (!hostdev.bus || !hostdev.device)
        unsupported("the bus and device of <hostdev type='usb'> must have been looked up before the start");
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
    if (hostdev.driver && *hostdev.driver != Hostdev::Driver::default_ && *hostdev.driver != Hostdev::Driver::vfio)
        unsupported("host doesn't support legacy PCI passthrough");
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

void add_hostdevs(Builder& b) {
    for (const Hostdev& hostdev : b.devices.hostdevs) add_hostdev(b, hostdev);
}

}  // namespace innkeeper::qemu
