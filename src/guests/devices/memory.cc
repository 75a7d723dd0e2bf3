#include "guests/devices/kinds.h"

/// A module of memory is known by all that is said of it.
namespace innkeeper::guests {

namespace {

bool is_same(const model::MemoryDevice& one, const model::MemoryDevice& other) {
    return one.model == other.model && one.size == other.size && one.node == other.node && one.path == other.path &&
           one.page_size == other.page_size && one.source_nodes == other.source_nodes &&
           one.label_size == other.label_size && may_share_place(one.info, other.info);
}

}  // namespace

void refuse_twin(const Devices& devices, const model::MemoryDevice& memory) {
    const auto* slot = memory.info.at<model::DimmAddress>();
    for (const auto& other : devices.memories)
        if (const auto* taken = other.info.at<model::DimmAddress>(); slot && taken && slot->slot == taken->slot)
            throw Error(ErrorCode::operation_invalid, ErrorDomain::domain,
                        "Domain already contains a device with the same address");
}

std::size_t find(const Devices& devices, const model::MemoryDevice& memory) {
    return find_by(
        devices.memories, [&](const model::MemoryDevice& other) { return is_same(memory, other); },
        ErrorCode::device_missing, "matching memory device was not found");
}

std::size_t find_to_update(const Devices& devices, const model::MemoryDevice& memory) {
    return find_by(
        devices.memories, [&](const model::MemoryDevice& other) { return is_same(memory, other); },
        ErrorCode::invalid_arg, "memory not found");
}

}  // namespace innkeeper::guests
