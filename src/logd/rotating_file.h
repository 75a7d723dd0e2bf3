#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "base/fd.h"

/// Files of the log daemon. Everything here blocks in the kernel: the loop calls it through the pool.
namespace innkeeper::logd {

/// How large a file becomes before the next one is begun (0: any size), and how many full ones are kept beside it.
struct Rotation {
    std::uint64_t max_size = 2097152;
    unsigned max_backups = 3;
};

/// A place in a file: the inode tells which of FILE, FILE.0, FILE.1… it is, also after they have moved on.
struct Position {
    std::uint64_t inode = 0, offset = 0;
};

/// A file that is only added to. When it is full it becomes FILE.0, what was FILE.0 becomes FILE.1, and so on. A line
/// that begins near the end of a file begins the next one instead. What is not a regular file never rotates.
class RotatingFile {
  public:
    enum class Begin { at_end, empty };
    /// Opens it, or makes it with mode 0600; no symbolic link is followed. Throws Error (system_error).
    RotatingFile(std::string path, Rotation rotation, Begin begin);

    /// Throws Error (system_error); what was written before that stays.
    void append(std::string_view bytes);
    Position position() const;

  private:
    void open(int more_flags);
    void rotate();

    std::string path_;
    Rotation rotation_;
    Fd fd_;
    bool is_regular_ = false;
};

/// At most `most` bytes from there on, over the ends of files that are full. Throws Error (system_error) if none of the
/// files has that inode.
std::string read_log(const std::string& path, unsigned max_backups, Position from, std::size_t most);

}  // namespace innkeeper::logd
