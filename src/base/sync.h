#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>

/// Changes of files for those who say how much of them waits for the disk. As in base/files.h all block, and throw
/// Error (system_error) naming the path.
namespace innkeeper {

/// How much of a change is on the disk, and so outlives a power cut, when the call returns. The end of this process
/// undoes none of it.
enum class Sync {
    none,
    content,  ///< what a name stands for; the name itself follows when the kernel next writes the folder, in seconds
    all,
};

/// As write_file: a reader, or a crash at any instant, sees the old or the new content whole.
void replace_file(const std::string& path, std::string_view content, mode_t mode, Sync sync);

/// True if there was something to remove.
bool remove_file(const std::string& path, Sync sync);

}  // namespace innkeeper
