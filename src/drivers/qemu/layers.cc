#include "drivers/qemu/layers.h"

#include <algorithm>

namespace innkeeper::qemu {

using model::BackingStore;
using model::Disk;
using model::StorageSource;

Disk* disk_of(model::DomainDef& def, const std::string& target) {
    const auto found = std::ranges::find(def.devices.disks, target, &Disk::target);
    return found == def.devices.disks.end() ? nullptr : &*found;
}
const Disk* disk_of(const model::DomainDef& def, const std::string& target) {
    return disk_of(const_cast<model::DomainDef&>(def), target);
}

void put_layer_on(Disk& disk, const StorageSource& image) {
    BackingStore below;
    below.source = disk.source;
    below.next = std::move(disk.backing);
    disk.source = image;
    disk.backing = std::move(below);
}

int layer_of(const Disk& disk, const std::string& path) {
    for (int depth = 0; const StorageSource* layer = layer_at(disk, depth); ++depth)
        if (layer->path == path) return depth;
    return -1;
}

const StorageSource* layer_at(const Disk& disk, int depth) {
    if (depth == 0) return &disk.source;
    const BackingStore* below = disk.backing ? &*disk.backing : nullptr;
    while (below && --depth > 0) below = below->next ? &*below->next : nullptr;
    return below && !below->is_terminator ? &below->source : nullptr;
}

bool take_layer_out(model::DomainDef& def, const std::string& target, const std::string& path,
                    const StorageSource& below) {
    Disk* disk = disk_of(def, target);
    if (disk == nullptr) return false;
    if (disk->source.path == path) {
        // A definition that does not know what lies below still knows where its data is.
        const bool is_known = disk->backing && !disk->backing->is_terminator;
        StorageSource source = is_known ? disk->backing->source : below;
        xml::Box<BackingStore> rest = is_known ? std::move(disk->backing->next) : std::move(disk->backing);
        if (!is_known) source.index.reset();
        disk->source = std::move(source);
        disk->backing = std::move(rest);
        return true;
    }
    for (auto* link = &disk->backing; *link && !(*link)->is_terminator; link = &(*link)->next) {
        if ((*link)->source.path != path) continue;
        xml::Box<BackingStore> rest = std::move((*link)->next);
        *link = std::move(rest);
        return true;
    }
    return false;
}

}  // namespace innkeeper::qemu
