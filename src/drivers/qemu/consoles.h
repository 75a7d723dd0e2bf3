#pragma once

#include <map>
#include <memory>
#include <string>

#include "base/fd.h"
#include "loop/group.h"
#include "loop/task.h"

namespace innkeeper::qemu {

/// Who is connected to which console: one at a time. What goes through is copied between the line and a socket whose
/// other end the user has, so that somebody else can take the line over, and either end's closing closes the other.
/// Neither side is read while the other does not take what came.
class Consoles {
  public:
    /// `path` names the line. Throws Error (operation_failed) if somebody has it, unless `take_over`; who had it finds
    /// his end closed.
    Task<Fd> open(std::string path, Fd line, bool take_over);
    Task<> close();

  private:
    struct Session;
    Task<> run(std::shared_ptr<Session> session);

    std::map<std::string, std::shared_ptr<Session>> sessions_;
    TaskGroup tasks_;
};

}  // namespace innkeeper::qemu
