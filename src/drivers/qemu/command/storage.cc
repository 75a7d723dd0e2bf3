#include "drivers/qemu/command/storage.h"

#include <fmt/format.h>

#include "drivers/qemu/command/builder.h"
#include "drivers/qemu/command/storage_protocol.h"
#include "xml/node.h"

namespace innkeeper::qemu {

using model::BackingStore;
using model::Disk;
using model::DiskDriver;
using model::StorageSource;
using Cache = DiskDriver::Cache;

namespace {

/// QEMU knows two switches; whether the guest's writes are flushed at once is the device's business.
void add_cache(const DiskDriver* driver, Props& props) {
    const Cache cache = driver ? driver->cache.value_or(Cache::default_) : Cache::default_;
    if (cache == Cache::default_) return;
    props.add("cache", Props()
                           .add("direct", cache == Cache::none || cache == Cache::directsync)
                           .add("no-flush", cache == Cache::unsafe));
}

void add_aio(const DiskDriver* driver, Props& props) {
    if (driver && driver->io && *driver->io != DiskDriver::Io::default_) props.add("aio", xml::name(*driver->io));
}

/// The helper that manages SCSI reservations: the daemon's own, or one of the user's by its socket.
void add_reservations(Builder& b, const StorageSource& source, const ImageNode& node, Props& props) {
    if (!source.reservations) return;
    if (source.reservations->managed == true) {
        props.add("pr-manager", "pr-helper0");
        return;
    }
    const std::string id = "pr-helper-" + node.alias;
    b.object(Props("pr-manager-helper", "qom-type").add("id", id).add("path", source.reservations->socket));
    props.add("pr-manager", id);
}

Props location(Builder& b, const StorageSource& source, const ImageNode& node) {
    switch (source.type) {
        case StorageSource::Type::file: {
            Props props = Props("file").add("filename", source.path);
            add_aio(node.driver, props);
            return props;
        }
        case StorageSource::Type::block: {
            Props props(b.context.host_cd_drives.contains(source.path) ? "host_cdrom" : "host_device");
            props.add("filename", source.path);
            add_reservations(b, source, node, props);
            add_aio(node.driver, props);
            return props;
        }
        case StorageSource::Type::dir:
            return Props("vvfat").add("dir", source.path).add("floppy", node.is_floppy).add("rw", !node.is_readonly);
        case StorageSource::Type::network:
            return network_location(b, source, node.name);
        case StorageSource::Type::nvme: {
            if (!source.nvme_address || !source.nvme_namespace) unsupported("<source> of an NVMe disk has no address");
            const model::PciAddress& at = *source.nvme_address;
            return Props("nvme")
                .add("device", fmt::format("{:04x}:{:02x}:{:02x}.{:x}", at.domain, at.bus, at.slot, at.function))
                .add("namespace", *source.nvme_namespace);
        }
        case StorageSource::Type::volume:
            throw Error(ErrorCode::internal_error, "the volume of a disk has not been looked up");
        case StorageSource::Type::vhostuser:
            break;
    }
    throw Error(ErrorCode::internal_error, "a vhostuser disk has no image");
}

void add_discard(const ImageNode& node, Props& props) {
    if (!node.driver) return;
    using Discard = DiskDriver::Discard;
    using DetectZeroes = DiskDriver::DetectZeroes;
    const Discard discard = node.driver->discard.value_or(Discard::default_);
    if (discard != Discard::default_) props.add("discard", xml::name(discard));
    if (!node.is_top || !node.driver->detect_zeroes || *node.driver->detect_zeroes == DetectZeroes::default_) return;
    // QEMU refuses to unmap zeroes where it may not unmap at all.
    const bool must_keep = *node.driver->detect_zeroes == DetectZeroes::unmap && discard != Discard::unmap;
    props.add("detect-zeroes", must_keep ? "on" : xml::name(*node.driver->detect_zeroes));
}

/// The name of QEMU's driver for a format; some of ours are only raw bytes to it.
std::string format_driver(const StorageSource& source) {
    if (source.format.empty() || source.format == "iso" || source.format == "fat" || source.format == "dir")
        return "raw";
    if (source.format == "ploop") return "parallels";
    if (source.format == "cow") unsupported("'cow' storage format is not supported");
    return source.format;
}

bool is_luks(const StorageSource& source) {
    return source.encryption && source.encryption->format == model::Encryption::Format::luks &&
           source.encryption->engine != model::Encryption::Engine::librbd;
}

void add_format(Builder& b, const StorageSource& source, const ImageNode& node, Props& props) {
    const std::string driver = format_driver(source);
    std::string secret;
    if (source.encryption && source.encryption->engine != model::Encryption::Engine::librbd) {
        if (!is_luks(source)) unsupported("old qcow/qcow2 encryption is not supported");
        if (source.encryption->secrets.empty()) unsupported("missing <secret> in <encryption>");
        secret = node.name + "-format-encryption-secret0";
        b.secret_object(secret, source.encryption->secrets.front());
    }
    if (driver == "raw" && !secret.empty()) {
        props.add("driver", "luks").add("key-secret", secret);
        return;
    }
    props.add("driver", driver);
    if (driver == "qcow2") {
        if (!secret.empty()) props.add("encrypt", Props("luks", "format").add("key-secret", secret));
        if (node.driver && node.is_top) props.add("cache-size", node.driver->metadata_cache_max_bytes);
    } else if (!secret.empty()) {
        unsupported("encryption is supported only with 'raw' and 'qcow2' image format");
    }
}

/// Whether images of the format can have others below them.
bool can_be_backed(const StorageSource& source) {
    return source.format == "qcow2" || source.format == "qed" || source.format == "qcow" || source.format == "vmdk";
}

}  // namespace

std::string node_name(const StorageSource& source) { return fmt::format("libvirt-{}", source.index.value_or(0)); }

void add_image_nodes(Builder& b, const StorageSource& source, const ImageNode& node) {
    std::string file = node.name + "-storage";
    Props storage = location(b, source, node);
    storage.add("node-name", file);
    add_cache(node.driver, storage);
    storage.add("auto-read-only", true).add("discard", "unmap");
    b.option("-blockdev", storage);

    // The raw format can begin and end anywhere by itself; others need a node for it.
    const auto& slice = source.slice;
    const bool is_raw = source.format == "raw" && !source.encryption;
    if (slice && !is_raw) {
        Props part("raw");
        part.add("node-name", node.name + "-slice-sto").add("offset", slice->offset).add("size", slice->size);
        part.add("file", file).add("auto-read-only", true).add("discard", "unmap");
        add_cache(node.driver, part);
        b.option("-blockdev", part);
        file = node.name + "-slice-sto";
    }

    Props format;
    format.add("node-name", node.name + "-format").add("read-only", node.is_readonly);
    add_discard(node, format);
    add_cache(node.driver, format);
    add_format(b, source, node, format);
    if (slice && is_raw) format.add("offset", slice->offset).add("size", slice->size);
    format.add("file", file);
    if (!node.backing.empty())
        format.add("backing", node.backing);
    else if (node.ends_chain && can_be_backed(source))
        format.add_null("backing");
    b.option("-blockdev", format);
}

namespace {

/// Chains are as long as images name each other; this one was written by a user or found by the daemon.
constexpr std::size_t longest_chain = 1000;

}  // namespace

Cache cache_of(const Disk& disk) {
    const Cache cache = disk.driver.cache.value_or(Cache::default_);
    return disk.shareable && !disk.readonly && cache == Cache::default_ ? Cache::none : cache;
}

std::string add_chain(Builder& b, const Disk& disk) {
    DiskDriver driver = disk.driver;
    driver.cache = cache_of(disk);
    std::vector<const StorageSource*> layers{&disk.source};
    bool ends = false;
    for (const BackingStore* below = disk.backing ? &*disk.backing : nullptr; below;
         below = below->next ? &*below->next : nullptr) {
        if (below->is_terminator) {
            ends = true;
            break;
        }
        if (layers.size() == longest_chain) unsupported(fmt::format("the chain of disk '{}' is too long", disk.target));
        layers.push_back(&below->source);
    }
    std::string below;
    for (std::size_t i = layers.size(); i-- > 0;) {
        const ImageNode node{.name = node_name(*layers[i]),
                             .is_readonly = i > 0 || disk.readonly,
                             .is_floppy = disk.device == Disk::Device::floppy,
                             .driver = &driver,
                             .is_top = i == 0,
                             .alias = disk.info.alias,
                             .backing = below,
                             .ends_chain = ends && i + 1 == layers.size()};
        add_image_nodes(b, *layers[i], node);
        below = node.name + "-format";
    }
    return below;
}

void number_images(model::DomainDef& domain) {
    unsigned next = 0;
    // Numbers that a running definition has already are not given twice.
    for (const Disk& disk : domain.devices.disks) {
        next = std::max(next, disk.source.index.value_or(0));
        for (const BackingStore* below = disk.backing ? &*disk.backing : nullptr; below;
             below = below->next ? &*below->next : nullptr)
            next = std::max(next, below->source.index.value_or(0));
    }
    const auto number = [&](StorageSource& source) {
        if (!source.index) source.index = ++next;
    };
    for (auto disk = domain.devices.disks.rbegin(); disk != domain.devices.disks.rend(); ++disk) {
        if (disk->bus == Disk::Bus::sd) continue;  // has no nodes
        // A drive that is empty has its number too, which it passes on to what is put in.
        number(disk->source);
        for (BackingStore* below = disk->backing ? &*disk->backing : nullptr; below;
             below = below->next ? &*below->next : nullptr)
            if (!below->is_terminator) number(below->source);
    }
}

}  // namespace innkeeper::qemu
