#pragma once

#include <optional>
#include <string>
#include <vector>

#include "drivers/qemu/command/command_line.h"
#include "drivers/qemu/qmp/qmp.h"

namespace innkeeper::qemu {

/// One step of plugging a device in, and what takes it back.
struct PlugStep {
    QmpCommand command;
    std::optional<QmpCommand> undo;

    bool is_device() const { return command.name == "device_add"; }
};

/// The monitor's commands for words of a command line. Throws Error for a word that no command stands for.
std::vector<PlugStep> plug_steps(const CommandLine& line);

/// What is left of a device that QEMU has let go of: all but the device itself, the last first.
std::vector<QmpCommand> leftovers(const std::vector<PlugStep>& steps);

}  // namespace innkeeper::qemu
