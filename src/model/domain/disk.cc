#include "model/domain/disk.h"

#include <fmt/format.h>

#include <algorithm>

#include "xml/parts.h"

namespace innkeeper::model {

namespace {

const auto driver_name_element = xml::describe<DiskDriver>("driver", xml::attribute("name", &DiskDriver::name));

const auto geometry_element = xml::describe<DiskGeometry>(
    "geometry",  //
    xml::attribute("cyls", &DiskGeometry::cylinders), xml::attribute("heads", &DiskGeometry::heads),
    xml::attribute("secs", &DiskGeometry::sectors), xml::attribute("trans", &DiskGeometry::translation));

const auto block_io_element =
    xml::describe<Disk::BlockIo>("blockio",  //
                                 xml::attribute("logical_block_size", &Disk::BlockIo::logical_block_size),
                                 xml::attribute("physical_block_size", &Disk::BlockIo::physical_block_size),
                                 xml::attribute("discard_granularity", &Disk::BlockIo::discard_granularity));

auto limit(std::string_view name, std::uint64_t IoTune::*member) { return xml::value(name, member).omit("0"); }

/// Older documents have `<auth>` and `<encryption>` beside the source instead of in it, and get them back there.
void read_outer_auth(const xml::Node& node, Disk& disk, const xml::ParseFlags& flags) {
    const auto auth = node.child("auth");
    if (!auth) return;
    if (disk.source.auth) throw Error(ErrorCode::xml_error, "an <auth> definition already found for the disk source");
    disk.source.auth = storage_auth_element.read(auth, flags);
    disk.auth_in_disk = true;
}
void read_outer_encryption(const xml::Node& node, Disk& disk, const xml::ParseFlags& flags) {
    const auto encryption = node.child("encryption");
    if (!encryption) return;
    if (disk.source.encryption)
        throw Error(ErrorCode::xml_error, "an <encryption> definition already found for the disk source");
    disk.source.encryption = encryption_element.read(encryption, flags);
    disk.encryption_in_disk = true;
}

void write_source(const Disk& disk, xml::Writer& writer) {
    StorageSource source = disk.source;
    if (disk.auth_in_disk) source.auth.reset();
    if (disk.encryption_in_disk) source.encryption.reset();
    if (source.is_empty()) source.index.reset();  // it has no node, only a number for what is put in
    writer.open_if_filled("source");
    xml::write_inside(storage_source_element, &source, writer);
    writer.close();
}

void read_source(const xml::Node& node, Disk& disk, const xml::ParseFlags& flags) {
    if (const auto source = node.child("source")) xml::read_into(storage_source_element, source, &disk.source, flags);
}

void write_outer_auth(const Disk& disk, xml::Writer& writer) {
    if (disk.auth_in_disk && disk.source.auth) storage_auth_element.write(*disk.source.auth, writer);
}
void write_outer_encryption(const Disk& disk, xml::Writer& writer) {
    if (disk.encryption_in_disk && disk.source.encryption) encryption_element.write(*disk.source.encryption, writer);
}

void read_nothing(const xml::Node&, Disk&, const xml::ParseFlags&) {}
void write_nothing(const Disk&, xml::Writer&) {}

/// A removable drive has a tray; it is mentioned only where it is open.
bool tray_is_shown(const Disk& disk) { return disk.tray == Disk::Tray::open; }

bool is_wwn(std::string_view text) {
    if (text.starts_with("0x")) text.remove_prefix(2);
    return text.size() == 16 && text.find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos;
}

constexpr std::string_view formats[] = {"raw", "dir", "bochs", "cloop", "dmg",  "iso",   "vpc", "vdi",
                                        "fat", "vhd", "ploop", "cow",   "qcow", "qcow2", "qed", "vmdk"};

void check_format(StorageSource& source) {
    // What Xen's drivers called it.
    if (source.format == "aio") source.format = "raw";
    if (!source.format.empty() && std::ranges::find(formats, source.format) == std::end(formats))
        throw Error(ErrorCode::config_unsupported, ErrorDomain::domain,
                    fmt::format("unknown driver format value '{}'", source.format));
}

void check_disk(Disk& disk) {
    check_format(disk.source);
    if (disk.device == Disk::Device::disk && disk.bus == Disk::Bus::fdc)
        throw Error(ErrorCode::internal_error, "Invalid bus type 'fdc' for disk");
    // An empty drive is one for files, whatever it was meant for.
    if (disk.source.is_empty() && (disk.device == Disk::Device::cdrom || disk.device == Disk::Device::floppy))
        disk.source.type = StorageSource::Type::file;
    // A target without a unit means its first one.
    if (disk.source.protocol == StorageSource::Protocol::iscsi && !disk.source.name.empty() &&
        !disk.source.name.contains('/'))
        disk.source.name += "/0";
    if (disk.source.type == StorageSource::Type::vhostuser && !disk.snapshot) disk.snapshot = Disk::Snapshot::no;
    if (disk.target.empty())
        throw Error(ErrorCode::no_target, disk.source.path.empty() ? disk.source.name : disk.source.path);
    if (!disk.wwn.empty() && !is_wwn(disk.wwn))
        throw Error(ErrorCode::internal_error, fmt::format("Malformed wwn: {}", disk.wwn));
    const bool is_lun = disk.device == Disk::Device::lun;
    if (disk.sgio && !is_lun) throw Error(ErrorCode::config_unsupported, "sgio can be used only with device='lun'");
    if (disk.sgio == Disk::SgIo::unfiltered)
        throw Error(ErrorCode::config_unsupported, "unfiltered sgio is no longer supported");
    if (is_lun && disk.source.encryption)
        throw Error(ErrorCode::config_unsupported, "disk device 'lun' doesn't support encryption");
    if (!is_lun && disk.source.reservations)
        throw Error(ErrorCode::config_unsupported, "<reservations/> allowed only for lun devices");
    if (disk.device == Disk::Device::cdrom) disk.readonly = true;
    if (disk.driver.name.empty() && disk.transient_share_backing && !disk.transient)
        disk.transient_share_backing.reset();
}

}  // namespace

unsigned Disk::target_index() const {
    std::string_view letters = target;
    for (const std::string_view prefix : {"fd", "hd", "vd", "sd", "xvd", "ubd"})
        if (letters.starts_with(prefix)) {
            letters.remove_prefix(prefix.size());
            break;
        }
    unsigned index = 0;
    for (const char c : letters.substr(0, 6)) {
        if (c < 'a' || c > 'z') break;
        index = index * 26 + static_cast<unsigned>(c - 'a') + 1;
    }
    return index ? index - 1 : 0;
}

const xml::Element<IoTune> iotune_element = xml::describe<IoTune>(
    "iotune",  //
    limit("total_bytes_sec", &IoTune::total_bytes_sec), limit("read_bytes_sec", &IoTune::read_bytes_sec),
    limit("write_bytes_sec", &IoTune::write_bytes_sec), limit("total_iops_sec", &IoTune::total_iops_sec),
    limit("read_iops_sec", &IoTune::read_iops_sec), limit("write_iops_sec", &IoTune::write_iops_sec),
    limit("total_bytes_sec_max", &IoTune::total_bytes_sec_max),
    limit("read_bytes_sec_max", &IoTune::read_bytes_sec_max),
    limit("write_bytes_sec_max", &IoTune::write_bytes_sec_max),
    limit("total_iops_sec_max", &IoTune::total_iops_sec_max), limit("read_iops_sec_max", &IoTune::read_iops_sec_max),
    limit("write_iops_sec_max", &IoTune::write_iops_sec_max), limit("size_iops_sec", &IoTune::size_iops_sec),
    xml::value("group_name", &IoTune::group_name),
    limit("total_bytes_sec_max_length", &IoTune::total_bytes_sec_max_length),
    limit("read_bytes_sec_max_length", &IoTune::read_bytes_sec_max_length),
    limit("write_bytes_sec_max_length", &IoTune::write_bytes_sec_max_length),
    limit("total_iops_sec_max_length", &IoTune::total_iops_sec_max_length),
    limit("read_iops_sec_max_length", &IoTune::read_iops_sec_max_length),
    limit("write_iops_sec_max_length", &IoTune::write_iops_sec_max_length));

const xml::Element<DiskDriver> disk_driver_element = xml::describe<DiskDriver>(
    "driver",  //
    xml::attribute("cache", &DiskDriver::cache).omit("default"),
    xml::attribute("error_policy", &DiskDriver::error_policy).omit("default"),
    xml::attribute("rerror_policy", &DiskDriver::rerror_policy).omit("default"),
    xml::attribute("io", &DiskDriver::io).omit("default"),
    xml::attribute("ioeventfd", &DiskDriver::ioeventfd, xml::on_off),
    xml::attribute("event_idx", &DiskDriver::event_idx, xml::on_off),
    xml::attribute("copy_on_read", &DiskDriver::copy_on_read, xml::on_off),
    xml::attribute("discard", &DiskDriver::discard).omit("default"),
    xml::attribute("iothread", &DiskDriver::iothread).at_least(1),
    xml::attribute("detect_zeroes", &DiskDriver::detect_zeroes).omit("default"),
    xml::attribute("queues", &DiskDriver::queues), xml::attribute("queue_size", &DiskDriver::queue_size),
    xml::embed(&DiskDriver::virtio, virtio_options_element),
    xml::child("metadata_cache", xml::amount("max_size", &DiskDriver::metadata_cache_max_bytes, "bytes")));

const xml::Element<Mirror> mirror_element =
    xml::describe<Mirror>("mirror",  //
                          xml::embed(&Mirror::source, storage_type_element), xml::attribute("job", &Mirror::job),
                          xml::attribute("ready", &Mirror::ready).omit("no"),
                          xml::child("format", xml::embed(&Mirror::source, storage_format_element)),
                          xml::child("source", &Mirror::source, storage_source_element),
                          xml::child(&Mirror::backing, backing_store_element))
        .finished_by([](Mirror& mirror) { mirror.source.startup_policy.reset(); });

const xml::Element<Disk> disk_element =
    xml::describe<Disk>(
        "disk",  //
        xml::embed(&Disk::source, storage_type_element), xml::attribute("device", &Disk::device),
        xml::attribute("model", &Disk::model), xml::attribute("rawio", &Disk::raw_io, xml::yes_no),
        xml::attribute("sgio", &Disk::sgio), xml::attribute("snapshot", &Disk::snapshot),
        xml::child("driver", xml::embed(&Disk::driver, driver_name_element),
                   xml::embed(&Disk::source, storage_format_element), xml::embed(&Disk::driver, disk_driver_element)),
        xml::by_hand(read_nothing, write_outer_auth),
        xml::by_hand(read_source, write_source).holds(xml::child("source", &Disk::source, storage_source_element)),
        xml::by_hand(read_outer_auth, write_nothing).holds(storage_auth_element),
        xml::child(&Disk::backing, backing_store_element), xml::child(&Disk::geometry, geometry_element),
        xml::child("blockio", &Disk::block_io, block_io_element), xml::child(&Disk::mirror, mirror_element).live_only(),
        xml::child("target",  //
                   xml::attribute("dev", &Disk::target), xml::attribute("bus", &Disk::bus),
                   xml::attribute("tray", &Disk::tray).written_when(tray_is_shown),
                   xml::attribute("removable", &Disk::removable, xml::on_off),
                   xml::attribute("rotation_rate", &Disk::rotation_rate)),
        xml::child("iotune", &Disk::iotune, iotune_element), xml::flag("readonly", &Disk::readonly),
        xml::flag("shareable", &Disk::shareable),
        xml::by_hand<Disk>([](const xml::Node& node, Disk& disk,
                              const xml::ParseFlags&) { disk.transient = bool(node.child("transient")); },
                           [](const Disk& disk, xml::Writer& writer) {
                               if (disk.transient && !disk.transient_share_backing) writer.leaf("transient");
                           }),
        xml::child("transient", xml::attribute("shareBacking", &Disk::transient_share_backing, xml::yes_no)),
        xml::value("serial", &Disk::serial), xml::value("wwn", &Disk::wwn), xml::value("vendor", &Disk::vendor),
        xml::value("product", &Disk::product),
        xml::by_hand(read_outer_encryption, write_outer_encryption).holds(encryption_element),
        xml::embed(&Disk::info, device_info_element))
        .finished_by(check_disk);

}  // namespace innkeeper::model
