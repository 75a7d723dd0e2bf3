#pragma once

#include <string>
#include <string_view>

namespace innkeeper {

/// The units of a host as its service manager finds them, without asking it: while generators run, it cannot answer.
class UnitFolders {
  public:
    /// Folders below `root`, which is empty for the host itself.
    explicit UnitFolders(std::string root = {}) : root_(std::move(root)) {}

    enum class State { absent, masked, present };
    /// As the first folder that has a unit of this name says. Never throws: what cannot be read is not there.
    State state(std::string_view unit) const;

  private:
    std::string root_;
};

}  // namespace innkeeper
