#pragma once

#include <memory>
#include <string>

#include "drivers/qemu/machine.h"
#include "drivers/qemu/qmp/qmp.h"
#include "loop/group.h"
#include "loop/queue.h"

namespace innkeeper::qemu {

/// A job of QEMU's that works on images and that one coroutine waits for: only one at a time.
class BlockJob {
  public:
    BlockJob(std::shared_ptr<QemuMachine> machine, std::string name);
    ~BlockJob();
    BlockJob(const BlockJob&) = delete;
    BlockJob& operator=(const BlockJob&) = delete;

    /// Starts it with this command, which gets the job's name, and waits for its end. A job that could go on for ever
    /// (`ready`) is completed. Throws Error with QEMU's reason if it failed.
    Task<> run(QmpCommand command);

  private:
    Task<> watched(QmpCommand command);
    Task<> end();

    std::shared_ptr<QemuMachine> machine_;
    std::string name_;
    Queue<std::string> told_;
};

}  // namespace innkeeper::qemu
