#include <fmt/format.h>

#include "base/error.h"
#include "drivers/qemu/complete/steps.h"

namespace innkeeper::qemu {

using model::Disk;

namespace {

[[noreturn]] void unsupported(std::string sentence) { throw Error(ErrorCode::config_unsupported, std::move(sentence)); }

void validate_encryption(const model::StorageSource& source) {
    const model::Encryption& encryption = *source.encryption;
    if (encryption.cipher)
        throw Error(ErrorCode::config_unsupported, ErrorDomain::domain,
                    "supplying <cipher> for domain disk definition is unnecessary");
    if (encryption.format == model::Encryption::Format::default_ ||
        encryption.format == model::Encryption::Format::qcow)
        unsupported("old qcow/qcow2 encryption is not supported");
    if (encryption.engine == model::Encryption::Engine::qemu && source.format != "raw" && source.format != "qcow2")
        unsupported("encryption is supported only with 'raw' and 'qcow2' image format");
}

}  // namespace

void validate_disks(const Completion& it) {
    for (const Disk& disk : it.def.devices.disks) {
        const bool is_drive = disk.info.at<model::DriveAddress>() != nullptr;
        switch (*disk.bus) {
            case Disk::Bus::ide:
            case Disk::Bus::scsi:
            case Disk::Bus::sata:
            case Disk::Bus::fdc:
                if (disk.info.has_address() && !is_drive)
                    throw Error(ErrorCode::config_unsupported, ErrorDomain::domain,
                                fmt::format("Invalid address type 'pci' for the disk '{}' with the bus type '{}'",
                                            disk.target, xml::name(*disk.bus)));
                break;
            default:
                break;
        }
        const model::StorageSource& source = disk.source;
        const bool is_iscsi = source.type == model::StorageSource::Type::network &&
                              source.protocol == model::StorageSource::Protocol::iscsi;
        const bool is_block = source.type == model::StorageSource::Type::block || is_iscsi ||
                              source.type == model::StorageSource::Type::volume;
        if (disk.device == Disk::Device::lun && !is_block)
            throw Error(ErrorCode::config_unsupported, ErrorDomain::domain,
                        "disk device='lun' is only valid for block type disk source");
        if (!disk.target.empty() && disk.target.back() >= '0' && disk.target.back() <= '9' &&
            disk.bus != Disk::Bus::xen)
            unsupported(fmt::format("invalid disk target '{}', partitions can't appear in disk targets", disk.target));
        if (source.format == "cow" || source.format == "iso" || source.format == "ploop" || source.format == "dir")
            unsupported(fmt::format("'{}' storage format is not supported", source.format));
        if (source.encryption) validate_encryption(source);
        if (disk.bus == Disk::Bus::usb && disk.info.has_address() && !disk.info.at<model::UsbAddress>())
            throw Error(ErrorCode::internal_error, "unexpected address type for usb disk");
    }
}

}  // namespace innkeeper::qemu
