#include "model/domain/memory_device.h"

#include <bit>

#include <fmt/format.h>

#include "base/error.h"
#include "xml/parts.h"

namespace innkeeper::model {

namespace {

using Model = MemoryDevice::Model;

[[noreturn]] void refuse(std::string sentence, ErrorCode code = ErrorCode::xml_detail) {
    throw Error(code, ErrorDomain::domain, std::move(sentence));
}

bool is_persistent(const MemoryDevice& memory) {
    return memory.model == Model::nvdimm || memory.model == Model::virtio_pmem;
}

/// What only other models have means nothing.
void forget_others(MemoryDevice& memory) {
    const bool is_nvdimm = memory.model == Model::nvdimm;
    if (is_persistent(memory)) {
        memory.source_nodes.reset();
        memory.page_size.reset();
    } else {
        memory.path.clear();
    }
    if (!is_nvdimm) {
        memory.align_size.reset();
        memory.pmem = false;
        memory.label_size.reset();
        memory.readonly = false;
    }
    if (memory.model != Model::virtio_mem) {
        memory.block_size.reset();
        memory.requested_size.reset();
        memory.current_size.reset();
    }
}

void check_persistent(MemoryDevice& memory) {
    if (memory.path.empty()) refuse(fmt::format("path is required for model '{}'", xml::name(memory.model)));
    if (memory.model == Model::nvdimm) {
        if (memory.discard == true) refuse("discard is not supported for nvdimms", ErrorCode::config_unsupported);
        if (!memory.label_size) return;
        if (*memory.label_size < 128) refuse("nvdimm label must be at least 128KiB", ErrorCode::xml_error);
        if (*memory.label_size >= memory.size)
            refuse("label size must be smaller than NVDIMM size", ErrorCode::xml_error);
        return;
    }
    if (memory.discard == true)
        refuse("discard is not supported for model 'virtio-pmem'", ErrorCode::config_unsupported);
    if (memory.access.value_or(NumaCell::Access::shared) != NumaCell::Access::shared)
        refuse("shared access mode required for virtio-pmem device", ErrorCode::config_unsupported);
    if (memory.node) refuse("virtio-pmem does not support NUMA nodes", ErrorCode::config_unsupported);
    memory.access = NumaCell::Access::shared;
}

/// Memory that comes and goes in blocks; the guest cannot take smaller ones than its transparent huge pages.
void check_blocks(MemoryDevice& memory) {
    constexpr std::uint64_t smallest = 2048;
    const std::uint64_t block = memory.block_size.value_or(0), requested = memory.requested_size.value_or(0);
    if (requested > memory.size)
        refuse(fmt::format("requested size must be smaller than or equal to @size ({}KiB)", memory.size));
    if (!std::has_single_bit(block)) refuse("block size must be a power of two");
    if (block < smallest) refuse(fmt::format("block size too small, must be at least {}KiB", smallest));
    if (requested % block != 0) refuse("requested size must be an integer multiple of block size");
    memory.requested_size = requested;
}

void settle(MemoryDevice& memory) {
    forget_others(memory);
    if (is_persistent(memory)) check_persistent(memory);
    if (memory.model == Model::virtio_mem) check_blocks(memory);
}

}  // namespace

const xml::Element<MemoryDevice> memory_device_element =
    xml::describe<MemoryDevice>(
        "memory", xml::attribute("model", &MemoryDevice::model).required(),
        xml::attribute("access", &MemoryDevice::access), xml::attribute("discard", &MemoryDevice::discard, xml::yes_no),
        xml::value("uuid", &MemoryDevice::uuid),
        xml::child("source", xml::value("path", &MemoryDevice::path),
                   xml::amount("alignsize", &MemoryDevice::align_size), xml::flag("pmem", &MemoryDevice::pmem),
                   xml::value("nodemask", &MemoryDevice::source_nodes),
                   xml::amount("pagesize", &MemoryDevice::page_size)),
        xml::child("target", xml::amount("size", &MemoryDevice::size), xml::value("node", &MemoryDevice::node),
                   xml::child("label", xml::amount("size", &MemoryDevice::label_size)),
                   xml::amount("block", &MemoryDevice::block_size),
                   xml::amount("requested", &MemoryDevice::requested_size),
                   xml::amount("current", &MemoryDevice::current_size).live_only(),
                   xml::flag("readonly", &MemoryDevice::readonly)),
        xml::embed(&MemoryDevice::info, device_info_element))
        .finished_by(settle);

}  // namespace innkeeper::model
