#include "drivers/qemu/complete/steps.h"

namespace innkeeper::qemu {

using model::Filesystem;
using model::Hostdev;
using model::Shmem;

void settle_host_devices(Completion& it) {
    auto& devices = it.def.devices;
    for (Filesystem& filesystem : devices.filesystems)
        if (!filesystem.access_mode && filesystem.driver != Filesystem::Driver::virtiofs)
            filesystem.access_mode = Filesystem::AccessMode::passthrough;
    for (Hostdev& hostdev : devices.hostdevs) {
        if (hostdev.mode == Hostdev::Mode::capabilities) continue;
        if (!hostdev.managed) hostdev.managed = false;
        if (hostdev.type == Hostdev::Type::scsi && !hostdev.info.has_address())
            maybe_add_controller(it.def, model::Controller::Type::scsi, 0);
        if (hostdev.type == Hostdev::Type::mdev && hostdev.mdev_model == Hostdev::MdevModel::vfio_pci &&
            !hostdev.display)
            hostdev.display = false;
    }
    for (Shmem& shmem : devices.shmems) {
        if (shmem.model == Shmem::Model::ivshmem_plain && !shmem.size_mib) shmem.size_mib = 4;
        if (shmem.model == Shmem::Model::ivshmem_doorbell) {
            shmem.has_server = true;
            shmem.has_msi = true;
            if (!shmem.ioeventfd) shmem.ioeventfd = true;
        }
    }
}

}  // namespace innkeeper::qemu
