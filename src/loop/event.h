#pragma once

#include <vector>

#include "loop/scope.h"
#include "loop/task.h"

namespace innkeeper {

/// Something that happens once: everybody who waits for it, and everybody who comes later, goes on.
class Event {
  public:
    void set();
    bool is_set() const { return set_; }
    Task<> wait();

  private:
    bool set_ = false;
    std::vector<Wait*> waiting_;
};

}  // namespace innkeeper
