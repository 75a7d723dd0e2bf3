#pragma once

#include <sys/types.h>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.h"

/// Files, one call each. All of these block in the kernel: the loop calls them through the pool, except for the small
/// files of the daemon's own directories. All throw Error (system_error) naming the path.
namespace innkeeper {

/// The whole file; nullopt if there is none. Refuses one larger than `most` bytes.
std::optional<std::string> read_file(const std::string& path, std::size_t most = 16U << 20);

/// Replaces the file so that a reader, or a crash at any instant, sees the old or the new content whole: writes
/// `PATH.new`, fsyncs it, renames it and fsyncs the folder.
void write_file(const std::string& path, std::string_view content, mode_t mode = 0600);

/// As write_file, without waiting for the disk: for state that need not outlive the machine's running, such as what
/// lies below the run directory.
void write_volatile_file(const std::string& path, std::string_view content, mode_t mode = 0600);

/// True if there was something to remove. The folder is fsynced, so that the removal lasts.
bool remove_file(const std::string& path);

/// Creates the folder and those above it that are missing.
void make_directories(const std::string& path, mode_t mode = 0755);

/// Names in a folder, sorted, without . and ..; empty if there is no such folder.
std::vector<std::string> list_directory(const std::string& path);

/// Makes `path` a symbolic link to `target`, replacing what was there atomically.
void make_link(const std::string& target, const std::string& path);

bool path_exists(const std::string& path);

/// fsyncs a folder, so that what was renamed, made or removed in it lasts.
void sync_directory(const std::string& path);

/// The folder part of a path, without the slash at its end; "." if it has none.
std::string parent_of(std::string_view path);

/// A lock held for the life of the object and of the process: an fcntl write lock on byte 0, content is the pid without
/// newline, as the peer's pid files are. `acquire` returns nullopt if another process holds it. Such a lock goes when
/// the process closes any descriptor of the file: do not read one's own pid file.
class PidFile {
  public:
    static std::optional<PidFile> acquire(const std::string& path, pid_t pid);
    PidFile(PidFile&&) = default;
    PidFile& operator=(PidFile&&) = default;
    ~PidFile();

  private:
    PidFile(std::string path, Fd fd) : path_(std::move(path)), fd_(std::move(fd)) {}
    std::string path_;
    Fd fd_;
};

}  // namespace innkeeper
