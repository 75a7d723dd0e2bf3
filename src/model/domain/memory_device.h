#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/uuid.h"
#include "model/cpu_set.h"
#include "model/domain/cpu.h"
#include "model/domain/device_info.h"
#include "xml/description.h"

namespace innkeeper::model {

/// A module of memory that can be plugged in. Sizes are in KiB.
struct MemoryDevice {
    enum class Model { dimm, nvdimm, virtio_pmem, virtio_mem, sgx_epc };
    Model model = Model::dimm;
    std::optional<NumaCell::Access> access;
    std::optional<bool> discard;
    std::optional<Uuid> uuid;

    std::string path;
    std::optional<std::uint64_t> align_size, page_size;
    bool pmem = false;
    std::optional<CpuSet> source_nodes;

    std::uint64_t size = 0;
    std::optional<unsigned> node;
    std::optional<std::uint64_t> label_size, block_size, requested_size, current_size;
    bool readonly = false;
    DeviceInfo info;

    bool operator==(const MemoryDevice&) const = default;
};
constexpr auto names_of(MemoryDevice::Model) {
    return xml::names("dimm", "nvdimm", "virtio-pmem", "virtio-mem", "sgx-epc");
}

extern const xml::Element<MemoryDevice> memory_device_element;

}  // namespace innkeeper::model
