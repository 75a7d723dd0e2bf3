#pragma once

#include "cpu/compare.h"
#include "cpu/x86.h"
#include "host/kernel_files.h"
#include "model/domain/host_cpu.h"

/// The processor of this machine.
namespace innkeeper::cpu {

/// All that it has and that has a name. Read from the processor when first asked.
const X86Cpu& x86_host();

/// As the capabilities tell it: the nearest model, and what it has besides. On architectures of which nothing is known,
/// and where no model fits, the architecture alone.
model::HostCpu host_cpu(const host::KernelFiles& files);

}  // namespace innkeeper::cpu
