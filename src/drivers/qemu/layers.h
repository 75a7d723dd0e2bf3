#pragma once

#include <string>

#include "model/domain/domain.h"
#include "model/snapshot/snapshot.h"

/// What external snapshots do to the disks of a definition: a layer comes on top of a disk, or one goes.
namespace innkeeper::qemu {

/// The disk of that target; null if there is none.
model::Disk* disk_of(model::DomainDef& def, const std::string& target);
const model::Disk* disk_of(const model::DomainDef& def, const std::string& target);

/// The disk is written into that image from now on; what it was before lies below.
void put_layer_on(model::Disk& disk, const model::StorageSource& image);

/// Where that file is among a disk's layers: 0 is what the guest writes; -1 if it is not there.
int layer_of(const model::Disk& disk, const std::string& path);
/// The layer at that depth; null below the last one.
const model::StorageSource* layer_at(const model::Disk& disk, int depth);

/// What was in that layer is in the one below it now. False if the definition does not have it.
bool take_layer_out(model::DomainDef& def, const std::string& target, const std::string& path,
                    const model::StorageSource& below);

}  // namespace innkeeper::qemu
