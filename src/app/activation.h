#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/fd.h"

namespace innkeeper::app {

/// Listening sockets that the service manager passed, by their names (daemon-behaviour, section 2).
class Activation {
  public:
    /// From the environment, whose variables it removes; nullopt if we were started in the traditional way, or the
    /// names do not fit the sockets (which is logged).
    static std::optional<Activation> from_environment();

    /// All sockets of that name.
    std::vector<Fd> take(std::string_view name);
    /// Throws Error if somebody passed what nobody took.
    void check_all_taken() const;

  private:
    std::vector<std::pair<std::string, Fd>> sockets_;
};

}  // namespace innkeeper::app
