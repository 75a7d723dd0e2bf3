#include "config/lock_settings.h"

#include <array>

namespace innkeeper::config {

namespace {

using S = LockSettings;
using Row = Setting<S>;

const std::array table{
    Row{"auto_disk_leases", &S::auto_disk_leases,
        "Lock the disks of each guest. If 0, only the <lease> elements of its definition are locked."},
    Row{"require_lease_for_disks", &S::require_lease_for_disks,
        "Refuse a guest that has disks and no <lease>. 1 if auto_disk_leases is 0, else 0."},
    Row{"file_lockspace_dir", &S::file_lockspace_dir,
        "Hold the locks of disks on files in this folder, named after the SHA-256 of a disk's path, rather than on the "
        "disks. For disks whose locks other hosts do not see, with a folder that all of them do."},
    Row{"lvm_lockspace_dir", &S::lvm_lockspace_dir, "The same for logical volumes, by the volumes' UUIDs.",
        Row::Standing::not_yet, "logical volumes are locked as other disks are"},
    Row{"scsi_lockspace_dir", &S::scsi_lockspace_dir, "The same for SCSI disks, by their serial numbers.",
        Row::Standing::not_yet, "SCSI disks are locked as other disks are"},
};

}  // namespace

std::span<const Row> Table<S>::rows() { return table; }

}  // namespace innkeeper::config
