#pragma once

#include <memory>
#include <vector>

#include "drivers/qemu/machine.h"
#include "drivers/qemu/plug_steps.h"
#include "model/domain/device.h"

/// What plugging in, unplugging and changing a running guest's devices share.
namespace innkeeper::qemu {

/// The definition with that device, and of the others only those that it can refer to.
model::DomainDef only_device(const model::DomainDef& def, const model::Device& device);

/// All of them or none: what was done is taken back when QEMU refuses one, whose refusal is thrown.
Task<std::vector<QmpReply>> run_steps(std::shared_ptr<QemuMachine> machine, std::vector<PlugStep> steps);

/// What tells QEMU the password of a screen. (driver_start.cc)
QmpCommand password_command(const model::Graphics& graphics);

/// Numbers for the images of a disk that comes, none of which an image of this run has had: the nodes of one that has
/// gone may still be there. Waits for nothing.
void number_new_images(model::DomainDef& only, const model::DomainDef& live, QemuMachine& machine);

}  // namespace innkeeper::qemu
