#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "model/domain/device_info.h"
#include "model/domain/storage_source.h"
#include "xml/description.h"

namespace innkeeper::model {

/// Limits on what a disk may take of its storage; 0 means none. `_max` are bursts of `_max_length` seconds.
struct IoTune {
    std::uint64_t total_bytes_sec = 0, read_bytes_sec = 0, write_bytes_sec = 0;
    std::uint64_t total_iops_sec = 0, read_iops_sec = 0, write_iops_sec = 0;
    std::uint64_t total_bytes_sec_max = 0, read_bytes_sec_max = 0, write_bytes_sec_max = 0;
    std::uint64_t total_iops_sec_max = 0, read_iops_sec_max = 0, write_iops_sec_max = 0;
    std::uint64_t size_iops_sec = 0;
    std::string group_name;
    std::uint64_t total_bytes_sec_max_length = 0, read_bytes_sec_max_length = 0, write_bytes_sec_max_length = 0;
    std::uint64_t total_iops_sec_max_length = 0, read_iops_sec_max_length = 0, write_iops_sec_max_length = 0;
    bool operator==(const IoTune&) const = default;
};

/// How the hypervisor drives the disk.
struct DiskDriver {
    enum class Cache { default_, none, writethrough, writeback, directsync, unsafe };
    enum class ErrorPolicy { default_, stop, report, ignore, enospace };
    enum class Io { default_, native, threads, io_uring };
    enum class Discard { default_, unmap, ignore };
    enum class DetectZeroes { default_, off, on, unmap };

    std::string name;
    std::optional<Cache> cache;
    std::optional<ErrorPolicy> error_policy, rerror_policy;
    std::optional<Io> io;
    std::optional<bool> ioeventfd, event_idx, copy_on_read;
    std::optional<Discard> discard;
    std::optional<unsigned> iothread;
    std::optional<DetectZeroes> detect_zeroes;
    std::optional<unsigned> queues, queue_size;
    VirtioOptions virtio;
    std::optional<std::uint64_t> metadata_cache_max_bytes;
    bool operator==(const DiskDriver&) const = default;
};
constexpr auto names_of(DiskDriver::Cache) {
    return xml::names("default", "none", "writethrough", "writeback", "directsync", "unsafe");
}
constexpr auto names_of(DiskDriver::ErrorPolicy) {
    return xml::names("default", "stop", "report", "ignore", "enospace");
}
constexpr auto names_of(DiskDriver::Io) { return xml::names("default", "native", "threads", "io_uring"); }
constexpr auto names_of(DiskDriver::Discard) { return xml::names("default", "unmap", "ignore"); }
constexpr auto names_of(DiskDriver::DetectZeroes) { return xml::names("default", "off", "on", "unmap"); }

/// A copy of the disk that is being made while the guest runs.
struct Mirror {
    enum class Job { copy, commit, active_commit };
    enum class Ready { no, yes, abort, pivot };
    StorageSource source;
    std::optional<Job> job;
    std::optional<Ready> ready;
    xml::Box<BackingStore> backing;
    bool operator==(const Mirror&) const = default;
};
constexpr auto names_of(Mirror::Job) { return xml::names("copy", "commit", "active-commit"); }
constexpr auto names_of(Mirror::Ready) { return xml::names("no", "yes", "abort", "pivot"); }

/// What the firmware is told of cylinders, heads and sectors.
struct DiskGeometry {
    enum class Translation { none, auto_, lba };
    unsigned cylinders = 0, heads = 0, sectors = 0;
    std::optional<Translation> translation;
    bool operator==(const DiskGeometry&) const = default;
};

/// A disk, CD drive or floppy drive.
struct Disk {
    enum class Device { disk, lun, cdrom, floppy };
    enum class Bus { ide, fdc, scsi, virtio, xen, usb, uml, sata, sd };
    enum class Model { virtio, virtio_transitional, virtio_non_transitional };
    enum class SgIo { filtered, unfiltered };
    enum class Snapshot { no, internal, external, manual };
    enum class Tray { closed, open };
    struct BlockIo {
        std::optional<unsigned> logical_block_size, physical_block_size, discard_granularity;
        bool operator==(const BlockIo&) const = default;
    };

    StorageSource source;
    Device device = Device::disk;
    std::optional<Model> model;
    std::optional<bool> raw_io;
    std::optional<SgIo> sgio;
    std::optional<Snapshot> snapshot;

    DiskDriver driver;
    xml::Box<BackingStore> backing;
    std::optional<DiskGeometry> geometry;
    BlockIo block_io;
    std::optional<Mirror> mirror;

    std::string target;      ///< "vda": unique in the guest, and a hint only
    std::optional<Bus> bus;  ///< always there once the definition has been completed
    Tray tray = Tray::closed;
    std::optional<bool> removable;
    std::optional<unsigned> rotation_rate;

    IoTune iotune;
    bool readonly = false, shareable = false, transient = false;
    std::optional<bool> transient_share_backing;
    std::string serial, wwn, vendor, product;
    /// Whether `<auth>` and `<encryption>` stood directly in the disk, as they did in older documents, and shall again.
    bool auth_in_disk = false, encryption_in_disk = false;
    DeviceInfo info;

    /// The number of the target's letters: 0 for "vda", 26 for "vdaa".
    unsigned target_index() const;

    bool operator==(const Disk&) const = default;
};
constexpr auto names_of(Disk::Device) { return xml::names("disk", "lun", "cdrom", "floppy"); }
constexpr auto names_of(Disk::Bus) {
    return xml::names("ide", "fdc", "scsi", "virtio", "xen", "usb", "uml", "sata", "sd");
}
constexpr auto names_of(Disk::Model) { return xml::names("virtio", "virtio-transitional", "virtio-non-transitional"); }
constexpr auto names_of(Disk::SgIo) { return xml::names("filtered", "unfiltered"); }
constexpr auto names_of(Disk::Snapshot) { return xml::names("no", "internal", "external", "manual"); }
constexpr auto names_of(Disk::Tray) { return xml::names("closed", "open"); }
constexpr auto names_of(DiskGeometry::Translation) { return xml::names("none", "auto", "lba"); }

extern const xml::Element<IoTune> iotune_element;
extern const xml::Element<DiskDriver> disk_driver_element;
extern const xml::Element<Mirror> mirror_element;
extern const xml::Element<Disk> disk_element;

}  // namespace innkeeper::model
