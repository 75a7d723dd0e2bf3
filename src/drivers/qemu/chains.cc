#include "drivers/qemu/chains.h"

#include "base/files.h"
#include "image/chain.h"

namespace innkeeper::qemu {

namespace {

using model::BackingStore;
using model::StorageSource;

model::BackingStore layer_of(const image::Layer& layer) {
    BackingStore below;
    below.source.type = layer.is_block ? StorageSource::Type::block : StorageSource::Type::file;
    below.source.format = layer.format;
    below.source.path = layer.path;
    return below;
}

void complete_chain(model::Disk& disk) {
    const StorageSource* last = &disk.source;
    xml::Box<BackingStore>* end = &disk.backing;
    while (*end) {
        if ((*end)->is_terminator) return;
        last = &(*end)->source;
        end = &(*end)->next;
    }
    const bool is_read = last->type == StorageSource::Type::file || last->type == StorageSource::Type::block;
    if (!is_read || last->path.empty()) return;
    // An image that may be missing, and is, has nothing below it.
    if (last->startup_policy == model::StartupPolicy::optional && !path_exists(last->path)) return;
    const auto chain = image::chain_below(last->path, last->format);
    for (const auto& layer : chain.layers) {
        *end = layer_of(layer);
        end = &(*end)->next;
    }
    if (!chain.is_whole) return;
    BackingStore terminator;
    terminator.is_terminator = true;
    *end = std::move(terminator);
}

}  // namespace

void complete_chains(model::DomainDef& def) {
    for (auto& disk : def.devices.disks) complete_chain(disk);
}

}  // namespace innkeeper::qemu
