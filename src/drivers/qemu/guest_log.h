#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>

#include "base/fd.h"

namespace innkeeper::qemu {

/// A guest's log: what we say about its runs, and what QEMU writes to its stderr, in one file that is only added to.
class GuestLog {
  public:
    /// Opens it, or makes it. Throws Error (system_error).
    explicit GuestLog(std::string path);

    int descriptor() const { return fd_.get(); }
    /// A line with the time before it.
    void note(std::string_view text);
    void append(std::string_view text);

    /// What comes from here on is the words of the process that is about to start.
    void mark();
    /// The last of what came since the mark, without a newline at its end.
    std::string words() const;

  private:
    Fd fd_;
    off_t mark_ = 0;
};

}  // namespace innkeeper::qemu
