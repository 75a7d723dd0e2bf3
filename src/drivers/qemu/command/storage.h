#pragma once

#include <string>

#include "model/domain/disk.h"

/// QEMU's nodes of an image: one that holds the bytes, one that understands the format, and perhaps one between.
namespace innkeeper::qemu {

class Builder;

struct ImageNode {
    std::string name;  ///< "libvirt-3": the nodes are called so, with "-storage" and "-format" behind
    bool is_readonly = false;
    bool is_floppy = false;
    const model::DiskDriver* driver = nullptr;  ///< cache and the like; null: QEMU's own choice
    bool is_top = true;                         ///< the layer that the guest writes
    std::string alias;                          ///< of the device, for the helper of reservations
    std::string backing;                        ///< the format node of the layer below
    bool ends_chain = false;                    ///< nothing lies below, whatever the image says
};

/// The `-blockdev` options of one image, after those of the secrets and certificates that it needs.
void add_image_nodes(Builder& b, const model::StorageSource& source, const ImageNode& node);

/// All layers of a disk, the lowest first; gives the name of the node that the device uses.
std::string add_chain(Builder& b, const model::Disk& disk);

/// The cache that a disk really has: writers of a shared image must not have one each.
model::DiskDriver::Cache cache_of(const model::Disk& disk);

/// "libvirt-3" for an image with that number.
std::string node_name(const model::StorageSource& source);

}  // namespace innkeeper::qemu
