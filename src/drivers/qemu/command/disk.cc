#include "model/domain/disk.h"

#include <fmt/format.h>

#include <charconv>

#include "drivers/qemu/command/builder.h"
#include "drivers/qemu/command/storage.h"

namespace innkeeper::qemu {

using model::Controller;
using model::Disk;
using model::DiskDriver;
using model::DriveAddress;
using Bus = Disk::Bus;
using Cache = DiskDriver::Cache;

namespace {

bool is_empty(const Disk& disk) { return disk.source.is_empty(); }

const DriveAddress& drive_address(const Disk& disk) {
    if (const auto* at = disk.info.at<DriveAddress>()) return *at;
    unsupported(fmt::format("unexpected address type for {} disk", xml::name(*disk.bus)));
}

std::string_view hd_or_cd(const Disk& disk, std::string_view hd, std::string_view cd) {
    return disk.device == Disk::Device::cdrom ? cd : hd;
}

Props ide_device(const Disk& disk) {
    const DriveAddress& at = drive_address(disk);
    return Props(hd_or_cd(disk, "ide-hd", "ide-cd")).add("bus", fmt::format("ide.{}", at.bus)).add("unit", at.unit);
}

Props sata_device(const Builder& b, const Disk& disk) {
    const DriveAddress& at = drive_address(disk);
    const bool is_in_chip_set = b.is_q35() && at.controller == 0;
    const std::string bus = is_in_chip_set ? "ide" : b.controller_alias(Controller::Type::sata, at.controller);
    return Props(hd_or_cd(disk, "ide-hd", "ide-cd")).add("bus", fmt::format("{}.{}", bus, at.unit));
}

Props scsi_device(const Builder& b, const Disk& disk) {
    const DriveAddress& at = drive_address(disk);
    const bool is_lun = disk.device == Disk::Device::lun;
    Props props(is_lun ? std::string_view("scsi-block") : hd_or_cd(disk, "scsi-hd", "scsi-cd"));
    props.add("bus", b.controller_alias(Controller::Type::scsi, at.controller) + ".0");
    const Controller* controller = b.controller(Controller::Type::scsi, at.controller);
    if (!controller->model || controller->model == Controller::Model::lsilogic) {
        if (at.target) unsupported("target must be 0 for controller model 'lsilogic'");
        props.add("scsi-id", at.unit);
    } else {
        props.add("channel", at.bus).add("scsi-id", at.target).add("lun", at.unit);
    }
    // Guests name their disks after it.
    if (!is_lun) props.add("device_id", disk.serial.empty() ? "drive-" + disk.info.alias : disk.serial);
    return props;
}

Props virtio_device(Builder& b, const Disk& disk) {
    const bool is_vhost_user = disk.source.type == model::StorageSource::Type::vhostuser;
    Props props(b.virtio_device(is_vhost_user ? "vhost-user-blk" : "virtio-blk",
                                disk.model ? xml::name(*disk.model) : "", disk.info));
    b.add_virtio(props, disk.driver.virtio);
    if (disk.driver.iothread) props.add("iothread", fmt::format("iothread{}", *disk.driver.iothread));
    props.add("ioeventfd", disk.driver.ioeventfd).add("event_idx", disk.driver.event_idx);
    // Commands of the guest's to the device itself: for whole host devices only.
    if (disk.device == Disk::Device::lun) props.add("scsi", true);
    props.add("num-queues", disk.driver.queues).add("queue-size", disk.driver.queue_size);
    b.add_address(props, disk.info);
    return props;
}

Props usb_device(Builder& b, const Disk& disk) {
    if (!disk.info.at<model::UsbAddress>())
        throw Error(ErrorCode::internal_error, "unexpected address type for usb disk");
    Props props("usb-storage");
    b.add_address(props, disk.info);
    return props;
}

Props place(Builder& b, const Disk& disk) {
    switch (disk.bus.value_or(Bus::ide)) {
        case Bus::ide:
            return ide_device(disk);
        case Bus::sata:
            return sata_device(b, disk);
        case Bus::scsi:
            return scsi_device(b, disk);
        case Bus::virtio:
            return virtio_device(b, disk);
        case Bus::usb:
            return usb_device(b, disk);
        case Bus::fdc:
            return Props("floppy").add("unit", drive_address(disk).unit);
        case Bus::xen:
        case Bus::uml:
        case Bus::sd:
            break;
    }
    unsupported(fmt::format("unsupported disk bus '{}' with device setup", xml::name(*disk.bus)));
}

/// Whether QEMU may hold the guest's writes back until the guest flushes; nothing where the cache was not chosen.
std::optional<bool> write_cache(const Disk& disk) {
    switch (cache_of(disk)) {
        case Cache::default_:
            return std::nullopt;
        case Cache::none:
        case Cache::writeback:
        case Cache::unsafe:
            return true;
        case Cache::writethrough:
        case Cache::directsync:
            return false;
    }
    return std::nullopt;
}

void add_geometry(const Disk& disk, Props& props) {
    if (!disk.geometry) return;
    props.add("cyls", disk.geometry->cylinders).add("heads", disk.geometry->heads).add("secs", disk.geometry->sectors);
    if (disk.geometry->translation) props.add("bios-chs-trans", xml::name(*disk.geometry->translation));
}

std::uint64_t wwn_number(const Disk& disk) {
    std::string_view text = disk.wwn;
    if (text.starts_with("0x")) text.remove_prefix(2);
    std::uint64_t number = 0;
    if (std::from_chars(text.data(), text.data() + text.size(), number, 16).ptr != text.data() + text.size())
        unsupported(fmt::format("cannot parse wwn '{}' as number", disk.wwn));
    return number;
}

void add_error_policies(const Disk& disk, Props& props) {
    using Policy = DiskDriver::ErrorPolicy;
    const auto word = [](Policy policy) { return policy == Policy::enospace ? "enospc" : xml::name(policy); };
    const Policy on_write = disk.driver.error_policy.value_or(Policy::default_);
    Policy on_read = disk.driver.rerror_policy.value_or(Policy::default_);
    // A write that finds no space can wait; for a read QEMU has no such policy.
    if (on_read == Policy::default_ && on_write == Policy::enospace)
        on_read = Policy::report;
    else if (on_read == Policy::default_)
        on_read = on_write;
    if (on_write != Policy::default_) props.add("werror", word(on_write));
    if (on_read != Policy::default_) props.add("rerror", word(on_read));
}

/// Guests have always seen a backslash before each blank, and identify disks by what they see.
std::string escaped_serial(const std::string& serial) {
    std::string out;
    for (const char c : serial) {
        if (c == ' ') out += '\\';
        out += c;
    }
    return out;
}

void add_disk_device(Builder& b, const Disk& disk, const std::string& node) {
    Props props = place(b, disk);
    if (disk.shareable) props.add("share-rw", true);
    if (disk.source.type == model::StorageSource::Type::vhostuser)
        props.add("chardev", "chr-vu-" + disk.info.alias);
    else
        props.add_if("drive", node);
    props.add("id", disk.info.alias);
    // A floppy drive's turn belongs to its controller.
    if (disk.device != Disk::Device::floppy) props.add("bootindex", b.boot_index(disk.info));
    if (!disk.info.boot.loadparm.empty()) props.add("loadparm", disk.info.boot.loadparm);
    props.add("logical_block_size", disk.block_io.logical_block_size);
    props.add("physical_block_size", disk.block_io.physical_block_size);
    props.add("discard_granularity", disk.block_io.discard_granularity);
    if (!disk.wwn.empty()) props.add("wwn", wwn_number(disk));
    props.add("rotation_rate", disk.rotation_rate);
    props.add_if("vendor", disk.vendor).add_if("product", disk.product);
    if (disk.bus == Bus::usb) props.add("removable", disk.removable.value_or(false));
    if (disk.device != Disk::Device::floppy && disk.device != Disk::Device::lun)
        props.add_on_off("write-cache", write_cache(disk));
    add_geometry(disk, props);
    props.add_if("serial", escaped_serial(disk.serial));
    if (disk.source.type != model::StorageSource::Type::vhostuser) add_error_policies(disk, props);
    b.device(props);
}

void add_vhost_user_chardev(Builder& b, const Disk& disk) {
    Pairs words("socket");
    words.add("id", "chr-vu-" + disk.info.alias).add("path", disk.source.path);
    if (disk.source.reconnect.enabled == true && disk.source.reconnect.timeout)
        words.add("reconnect", *disk.source.reconnect.timeout);
    b.option("-chardev", words);
}

/// A card in a slot of the board: the old syntax is the only one for it.
void add_sd_card(Builder& b, const Disk& disk) {
    if (disk.source.type != model::StorageSource::Type::file && disk.source.type != model::StorageSource::Type::block)
        unsupported(fmt::format("disk '{}' on bus 'sd' must be a file or block device", disk.target));
    Pairs words;
    words.add("file", disk.source.path).add_if("format", disk.source.format);
    words.add("if", "sd").add("index", disk.target.empty() ? 0 : disk.target.back() - 'a');
    if (disk.readonly) words.word("readonly=on");
    b.option("-drive", words);
}

void refuse(const Disk& disk) {
    const auto refuse_if = [&](bool is_asked, std::string_view what) {
        if (is_asked) unsupported(fmt::format("{} of disk '{}' is not supported", what, disk.target));
    };
    refuse_if(disk.mirror.has_value(), "a <mirror>");
    refuse_if(disk.raw_io == true && disk.device != Disk::Device::lun, "rawio without device='lun'");
    refuse_if(disk.removable.has_value() && disk.bus != Bus::usb, "removable");
    refuse_if(disk.model && disk.bus != Bus::virtio, "model");
    if (!disk.source.fd_group.empty())
        throw Error(ErrorCode::invalid_arg,
                    fmt::format("file descriptor group '{}' was not associated with the domain", disk.source.fd_group));
}

void add_disk(Builder& b, const Disk& disk) {
    refuse(disk);
    // Guests that share an image each get a copy on it, which is plugged in when they run.
    if (disk.transient && disk.transient_share_backing == true) return;
    if (disk.bus == Bus::sd) return add_sd_card(b, disk);
    std::string node;
    if (disk.source.type == model::StorageSource::Type::vhostuser) {
        add_vhost_user_chardev(b, disk);
    } else if (!is_empty(disk)) {
        node = add_chain(b, disk);
        if (disk.driver.copy_on_read == true) {
            Props copy("copy-on-read");
            copy.add("node-name", "libvirt-CoR-" + disk.target).add("file", node).add("discard", "unmap");
            b.option("-blockdev", copy);
            node = "libvirt-CoR-" + disk.target;
        }
    }
    add_disk_device(b, disk, node);
}

/// The boot turns of floppy drives are members of the controller, which most machines bring with them.
void add_floppy_controller(Builder& b) {
    Props added("isa-fdc");
    bool has_floppies = false;
    for (const Disk& disk : b.devices.disks) {
        if (disk.bus != Bus::fdc) continue;
        has_floppies = true;
        const auto order = b.boot_index(disk.info);
        if (!order) continue;
        const std::string_view member = drive_address(disk).unit ? "bootindexB" : "bootindexA";
        if (b.is_q35())
            added.add(member, *order);
        else
            b.option("-global", fmt::format("isa-fdc.{}={}", member, *order));
    }
    if (has_floppies && b.is_q35()) b.device(added);
}

}  // namespace

void add_disks(Builder& b) {
    add_floppy_controller(b);
    for (const Disk& disk : b.devices.disks) add_disk(b, disk);
}

}  // namespace innkeeper::qemu
