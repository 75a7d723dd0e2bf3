#pragma once

#include <cstdint>
#include <string>

#include "base/fd.h"

namespace innkeeper::qemu {

/// The head of a file in which a guest sleeps: the peer's format, so that either daemon wakes what the other one put to
/// sleep. QEMU's migration stream follows it.
struct SavedHead {
    enum class Compression : std::uint32_t { raw, gzip, bzip2, xz, lzop };
    std::string definition;
    bool running = true;
    Compression compression = Compression::raw;
    std::uint64_t stream_offset = 0;  ///< where QEMU's part begins

    /// Throws Error if the file is none of these, or was never finished. Reads no more than its sizes allow.
    static SavedHead read(int fd, const std::string& path);
    /// As it stands in a file; marked as unfinished until `finish`.
    std::string bytes() const;
    static void finish(int fd);
    /// Puts these into the head of a finished file. Throws Error if the definition has no room there.
    static void replace(int fd, const std::string& path, const std::string& definition, bool running);
};

}  // namespace innkeeper::qemu
