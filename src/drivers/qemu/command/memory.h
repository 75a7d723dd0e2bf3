#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "model/cpu_set.h"
#include "model/domain/cpu.h"

namespace innkeeper::qemu {

class Builder;

/// What is asked of one piece of the guest's memory: all of it, a node's, or a module. What is not said is as the
/// definition says of all memory.
struct MemoryPiece {
    /// Whether it is all there from the start.
    enum class Prealloc {
        as_said,
        always,
        by_device,  ///< whoever uses it sees to that; until then nothing is reserved
    };
    std::string id;
    std::uint64_t kib = 0;
    std::optional<unsigned> cell;  ///< the guest's node, if its memory is divided
    std::optional<model::NumaCell::Access> access;
    std::optional<bool> discard;
    bool is_default_ram = false;
    std::optional<std::uint64_t> page_kib;
    std::optional<model::CpuSet> nodes;  ///< of the host
    std::string path;                    ///< a file of its own that keeps what is in it; empty: none
    std::string file;                    ///< the name of the file that is made where there must be one; empty: the id
    Prealloc prealloc = Prealloc::as_said;
    std::optional<std::uint64_t> align_kib;
    bool pmem = false;
};

void add_memory_backend(Builder& b, const MemoryPiece& piece);

}  // namespace innkeeper::qemu
