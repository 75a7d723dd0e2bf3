#include <fmt/format.h>

#include "drivers/qemu/command/builder.h"
#include "model/domain/memory_device.h"
#include "model/domain/shmem.h"

/// Memory beside the guest's own: shared with other guests, or modules that can be plugged in.
namespace innkeeper::qemu {

using model::MemoryDevice;
using model::Shmem;

void add_shared_memory(Builder& b) {
    for (const Shmem& shmem : b.devices.shmems) {
        const std::string& alias = shmem.info.alias;
        if (shmem.model == Shmem::Model::ivshmem) unsupported("ivshmem device is not supported with this QEMU binary");
        if (shmem.model == Shmem::Model::ivshmem_plain) {
            const std::string memory = "shmmem-" + alias;
            b.object(Props("memory-backend-file", "qom-type")
                         .add("id", memory)
                         .add("mem-path", "/dev/shm/" + shmem.name)
                         .add("size", shmem.size_mib.value_or(4) << 20)
                         .add("share", true));
            Props props("ivshmem-plain");
            props.add("id", alias).add("memdev", memory);
            if (shmem.role) props.add("master", *shmem.role == Shmem::Role::master ? "on" : "off");
            b.device(props, shmem.info);
            continue;
        }
        Props props("ivshmem-doorbell");
        props.add("id", alias).add("chardev", "char" + alias).add("vectors", shmem.msi_vectors);
        props.add("ioeventfd", shmem.ioeventfd);
        if (shmem.role) props.add("master", *shmem.role == Shmem::Role::master ? "on" : "off");
        b.device(props, shmem.info);
        b.option("-chardev",
                 Pairs("socket")
                     .add("id", "char" + alias)
                     .add("path", shmem.server.empty() ? fmt::format("/var/lib/libvirt/shmem-{}-sock", shmem.name)
                                                       : shmem.server));
    }
}

namespace {

std::uint64_t whole_mebibytes(std::uint64_t kib) { return (kib + 1023) & ~1023ULL; }

/// Modules that are files on persistent memory; the others take what the guest's memory takes.
void add_file_module(Builder& b, const MemoryDevice& memory) {
    const std::string& alias = memory.info.alias;
    const bool is_nvdimm = memory.model == MemoryDevice::Model::nvdimm;
    Props backend("memory-backend-file", "qom-type");
    backend.add("id", "mem" + alias).add("mem-path", memory.path);
    const auto access = memory.access ? memory.access : b.domain.memory_backing.access;
    if (access) backend.add("share", *access == model::NumaCell::Access::shared);
    if (is_nvdimm && !memory.pmem) backend.add("prealloc", true);
    backend.add("size", whole_mebibytes(memory.size) << 10);
    if (memory.align_size) backend.add("align", *memory.align_size << 10);
    if (memory.pmem) backend.add("pmem", true);
    b.object(backend);

    if (!is_nvdimm) {
        b.device(Props(b.virtio_device("virtio-pmem", memory.info)).add("memdev", "mem" + alias).add("id", alias),
                 memory.info);
        return;
    }
    Props props("nvdimm");
    props.add("node", memory.node);
    if (memory.label_size) props.add("label-size", *memory.label_size << 10);
    if (memory.uuid) props.add("uuid", memory.uuid->text());
    if (memory.readonly) props.add("unarmed", true);
    props.add("memdev", "mem" + alias).add("id", alias);
    if (const auto* at = memory.info.at<model::DimmAddress>()) {
        props.add("slot", at->slot);
        props.add("addr", at->base);
    }
    b.device(props);
}

}  // namespace

void add_memory_devices(Builder& b) {
    for (const MemoryDevice& memory : b.devices.memories) {
        switch (memory.model) {
            case MemoryDevice::Model::nvdimm:
            case MemoryDevice::Model::virtio_pmem:
                add_file_module(b, memory);
                break;
            default:
                unsupported(fmt::format("<memory model='{}'> is not supported yet", xml::name(memory.model)));
        }
    }
}

}  // namespace innkeeper::qemu
