#pragma once

#include <vector>

#include "loop/descriptor.h"

namespace innkeeper {

/// Signals as values: those named are blocked for the process and read from a signalfd. Make it before any thread.
class Signals {
  public:
    explicit Signals(const std::vector<int>& signals);
    /// Waits for the next one; its number.
    Task<int> next();

  private:
    Descriptor descriptor_;
};

}  // namespace innkeeper
