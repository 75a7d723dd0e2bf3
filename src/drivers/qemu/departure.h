#pragma once

#include <memory>
#include <string>
#include <utility>

#include "drivers/qemu/machine.h"
#include "loop/event.h"

namespace innkeeper::qemu {

/// Waits for a device's end, which QEMU tells in its own time. One at a time: who waits has the guest's turn.
class Departure {
  public:
    Departure(std::shared_ptr<QemuMachine> machine, std::string device) : machine_(std::move(machine)) {
        machine_->on_departure = [this, device = std::move(device)](const std::string& which, bool is_gone) {
            if (which != device) return;
            refused_ = !is_gone;
            told_.set();
        };
    }
    ~Departure() { machine_->on_departure = nullptr; }
    Departure(const Departure&) = delete;
    Departure& operator=(const Departure&) = delete;
    Task<> wait() { co_await told_.wait(); }
    /// The guest keeps it.
    bool is_refused() const { return refused_; }

  private:
    std::shared_ptr<QemuMachine> machine_;
    Event told_;
    bool refused_ = false;
};

}  // namespace innkeeper::qemu
