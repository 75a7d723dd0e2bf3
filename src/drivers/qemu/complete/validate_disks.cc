#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "drivers/qemu/complete/validate.h"

namespace innkeeper::qemu {

using model::Disk;

namespace {

void validate_encryption(const model::StorageSource& source) {
    const model::Encryption& encryption = *source.encryption;
    if (encryption.cipher)
        refused_by_model(ErrorCode::config_unsupported, "supplying <cipher> for domain disk definition is unnecessary");
    if (encryption.format == model::Encryption::Format::default_ ||
        encryption.format == model::Encryption::Format::qcow)
        not_supported("old qcow/qcow2 encryption is not supported");
    if (encryption.engine == model::Encryption::Engine::qemu && source.format != "raw" && source.format != "qcow2")
        not_supported("encryption is supported only with 'raw' and 'qcow2' image format");
}

/// The board has one of these controllers, and there is no other to be had.
void validate_drive(const Completion& it, const Disk& disk) {
    const auto* drive = disk.info.at<model::DriveAddress>();
    if (disk.info.has_address() && !drive)
        refused_by_model(ErrorCode::config_unsupported,
                         fmt::format("Invalid address type 'pci' for the disk '{}' with the bus type '{}'", disk.target,
                                     xml::name(*disk.bus)));
    if (!drive || drive->controller == 0) return;
    if (disk.bus == Disk::Bus::fdc) throw Error(ErrorCode::internal_error, "Only 1 fdc controller is supported");
    if (disk.bus == Disk::Bus::ide && is_i440fx(it.def))
        throw Error(ErrorCode::internal_error, "Only 1 IDE controller is supported");
}

void validate_virtio(const Disk& disk) {
    if (disk.device == Disk::Device::cdrom || disk.device == Disk::Device::floppy)
        not_supported(fmt::format("disk type of '{}' does not support ejectable media", disk.target));
    if (disk.info.at<model::DriveAddress>()) not_supported("virtio disk cannot have an address of type 'drive'");
}

void validate_bus(const Completion& it, const Disk& disk) {
    switch (*disk.bus) {
        case Disk::Bus::ide:
        case Disk::Bus::scsi:
        case Disk::Bus::sata:
        case Disk::Bus::fdc:
            return validate_drive(it, disk);
        case Disk::Bus::virtio:
            return validate_virtio(disk);
        case Disk::Bus::usb:
            if (disk.info.has_address() && !disk.info.at<model::UsbAddress>())
                throw Error(ErrorCode::internal_error, "unexpected address type for usb disk");
            return;
        default:
            return;
    }
}

void validate_source(const model::StorageSource& source) {
    if (source.format == "fat" && source.type != model::StorageSource::Type::dir &&
        source.type != model::StorageSource::Type::volume)
        not_supported("storage format 'fat' is supported only with 'dir' storage type");
    if (source.format == "cow" || source.format == "iso" || source.format == "ploop" || source.format == "dir")
        not_supported(fmt::format("'{}' storage format is not supported", source.format));
    if (source.encryption) validate_encryption(source);
    validate_reconnect(source.reconnect);
}

}  // namespace

void validate(const Completion& it, const Disk& disk) {
    const model::StorageSource& source = disk.source;
    const bool is_iscsi =
        source.type == model::StorageSource::Type::network && source.protocol == model::StorageSource::Protocol::iscsi;
    const bool is_block = source.type == model::StorageSource::Type::block || is_iscsi ||
                          source.type == model::StorageSource::Type::volume;
    if (disk.device == Disk::Device::lun && !is_block)
        refused_by_model(ErrorCode::config_unsupported, "disk device='lun' is only valid for block type disk source");
    validate_bus(it, disk);
    if (disk.readonly && disk.device == Disk::Device::disk &&
        (disk.bus == Disk::Bus::ide || disk.bus == Disk::Bus::sata))
        not_supported(fmt::format("readonly {} disks are not supported", xml::name(*disk.bus)));
    if (!disk.target.empty() && disk.target.back() >= '0' && disk.target.back() <= '9' && disk.bus != Disk::Bus::xen)
        not_supported(fmt::format("invalid disk target '{}', partitions can't appear in disk targets", disk.target));
    validate_source(source);
    if (source.type == model::StorageSource::Type::vhostuser) require_shared_memory(it, "vhostuser");
    if (!disk.wwn.empty() && disk.bus != Disk::Bus::ide && disk.bus != Disk::Bus::scsi)
        not_supported("Only ide and scsi disk support wwn");
    if (disk.geometry && disk.bus == Disk::Bus::usb) not_supported("CHS geometry can not be set for 'usb' bus");
    if (disk.geometry && disk.geometry->translation && disk.bus != Disk::Bus::ide)
        not_supported(fmt::format("CHS translation mode can only be set for 'ide' bus not '{}'", xml::name(*disk.bus)));
    if (disk.bus != Disk::Bus::scsi && !(disk.vendor.empty() && disk.product.empty()))
        not_supported("Only scsi disk supports vendor and product");
    if (const auto thread = disk.driver.iothread;
        thread && std::ranges::find(it.def.iothread_ids, *thread, &model::IoThread::id) == it.def.iothread_ids.end())
        not_supported(fmt::format("Disk iothread '{}' not defined in iothreadid", *thread));
}

}  // namespace innkeeper::qemu
