#pragma once

#include <string>

#include "config/setting.h"

namespace innkeeper::config {

/// qemu-lockd.conf: what is locked for a guest, where `lock_manager = "lockd"` stands in qemu.conf.
struct LockSettings {
    bool auto_disk_leases = true;
    OptionalFlag require_lease_for_disks;
    OptionalText file_lockspace_dir, lvm_lockspace_dir, scsi_lockspace_dir;

    bool requires_leases() const { return require_lease_for_disks.value_or(!auto_disk_leases); }

    /// A missing file gives the defaults. Throws Error.
    static LockSettings read(const std::string& path) { return load_if_there<LockSettings>(path); }
};

template <>
struct Table<LockSettings> {
    static std::span<const Setting<LockSettings>> rows();
    static constexpr std::string_view intro =
        "# Configuration of locks on guests' disks, for lock_manager = \"lockd\" in qemu.conf. Lines\n"
        "# that begin with # are comments; each setting is shown with its default.\n";
};

}  // namespace innkeeper::config
