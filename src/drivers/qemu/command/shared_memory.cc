#include <fmt/format.h>

#include "drivers/qemu/command/builder.h"
#include "drivers/qemu/command/memory.h"
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
        b.device(props, shmem.info);
        b.option("-chardev",
                 Pairs("socket")
                     .add("id", "char" + alias)
                     .add("path", shmem.server.empty() ? fmt::format("/var/lib/libvirt/shmem-{}-sock", shmem.name)
                                                       : shmem.server));
    }
}

namespace {

/// Linux on x86 plugs and unplugs memory in pieces of this size, or multiples of it.
constexpr std::uint64_t module_kib = 2048;

std::uint64_t whole_modules(std::uint64_t kib) { return (kib + module_kib - 1) / module_kib * module_kib; }

bool is_at_once(const Builder& b) {
    const auto& backing = b.domain.memory_backing;
    return backing.hugepages || backing.allocation == model::MemoryBacking::Allocation::immediate;
}

void add_backend(Builder& b, const MemoryDevice& memory) {
    using Prealloc = MemoryPiece::Prealloc;
    const bool is_nvdimm = memory.model == MemoryDevice::Model::nvdimm;
    const bool is_virtio_mem = memory.model == MemoryDevice::Model::virtio_mem;
    add_memory_backend(b, {.id = "mem" + memory.info.alias,
                           .kib = whole_modules(memory.size),
                           .cell = memory.node,
                           .access = memory.access,
                           .discard = memory.discard,
                           .page_kib = memory.page_size,
                           .nodes = memory.source_nodes,
                           .path = memory.path,
                           .file = memory.info.alias,
                           .prealloc = is_virtio_mem               ? Prealloc::by_device
                                       : is_nvdimm && !memory.pmem ? Prealloc::always
                                                                   : Prealloc::as_said,
                           .align_kib = memory.align_size,
                           .pmem = memory.pmem});
}

/// A module in a slot of its own: of memory, or of memory that keeps what is in it.
void add_slotted(Builder& b, const MemoryDevice& memory) {
    Props props(memory.model == MemoryDevice::Model::nvdimm ? "nvdimm" : "pc-dimm");
    props.add("node", memory.node);
    if (memory.label_size) props.add("label-size", *memory.label_size << 10);
    if (memory.uuid) props.add("uuid", memory.uuid->text());
    if (memory.readonly) props.add("unarmed", true);
    props.add("memdev", "mem" + memory.info.alias).add("id", memory.info.alias);
    if (const auto* at = memory.info.at<model::DimmAddress>()) {
        props.add("slot", at->slot);
        props.add("addr", at->base);
    }
    b.device(props);
}

void add_virtio_memory(Builder& b, const MemoryDevice& memory) {
    const bool is_pmem = memory.model == MemoryDevice::Model::virtio_pmem;
    Props props(b.virtio_device(is_pmem ? "virtio-pmem" : "virtio-mem", memory.info));
    if (!is_pmem) {
        props.add("node", memory.node);
        if (memory.block_size) props.add("block-size", *memory.block_size << 10);
        if (memory.requested_size.value_or(0)) props.add("requested-size", *memory.requested_size << 10);
    }
    props.add("memdev", "mem" + memory.info.alias);
    if (!is_pmem && is_at_once(b)) props.add("prealloc", true);
    props.add("id", memory.info.alias);
    b.device(props, memory.info);
}

}  // namespace

void add_memory_devices(Builder& b) {
    using Model = MemoryDevice::Model;
    for (const MemoryDevice& memory : b.devices.memories) {
        if (memory.model == Model::sgx_epc) unsupported("sgx epc isn't supported by this QEMU binary");
        add_backend(b, memory);
        if (memory.model == Model::virtio_pmem || memory.model == Model::virtio_mem)
            add_virtio_memory(b, memory);
        else
            add_slotted(b, memory);
    }
}

}  // namespace innkeeper::qemu
