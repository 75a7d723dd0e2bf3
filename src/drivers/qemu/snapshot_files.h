#pragma once

#include "model/snapshot/snapshot.h"

/// The new images of external snapshots. These look at files: for the pool.
namespace innkeeper::qemu {

/// Refuses what cannot become an image of a snapshot: of another format, or with something in it; with `reuse` what is
/// not there.
void check_new_image(const model::SnapshotDisk& disk, bool reuse);

}  // namespace innkeeper::qemu
