#pragma once

#include <string>
#include <vector>

#include "model/domain/domain.h"

namespace innkeeper::qemu {

/// What must be there for a guest to start. QEMU would find out as well, but too late and in worse words.
struct Preconditions {
    std::vector<std::string> images;      ///< files and block devices that disks are read from
    std::vector<std::string> boot_files;  ///< kernel, initial ramdisk, device tree
    std::vector<std::string> bridges;
    std::string firmware;

    /// Throws Error for what can be told from the definition alone: a network that nobody knows.
    static Preconditions of(const model::DomainDef& def);

    bool is_empty() const { return images.empty() && boot_files.empty() && bridges.empty() && firmware.empty(); }
    /// Throws Error naming what is missing. Touches file systems, which may hang: for the pool.
    void check() const;
};

}  // namespace innkeeper::qemu
