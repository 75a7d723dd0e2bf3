#pragma once

#include <optional>

#include "base/fd.h"

namespace innkeeper::app {

/// How a start ended: exit statuses of the foreground, and what a daemonised parent says about them.
enum class StartFailure {
    none = 0,
    pid_file = 1,
    run_directory = 2,
    initialize = 3,
    signals = 4,
    privileges = 5,
    network = 6,
    configuration = 7,
    hooks = 8,
    reexec = 9,
    audit = 10,
    driver = 11,
};

/// The child's way to tell its waiting parent how the start went.
class StartReport {
  public:
    StartReport() = default;
    explicit StartReport(Fd pipe) : pipe_(std::move(pipe)) {}
    /// Once; later calls do nothing.
    void tell(StartFailure failure);

  private:
    Fd pipe_;
};

/// Goes into the background: the parent waits for the child's word, says what went wrong, and exits; only the child
/// returns. Throws Error if there can be no child.
StartReport daemonize(const char* program);

}  // namespace innkeeper::app
