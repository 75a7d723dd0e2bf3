#pragma once

#include <span>

#include "model/domain/host_cpu.h"

/// The CPU that a guest can have on every one of several hosts.
namespace innkeeper::cpu {

struct BaselineOptions {
    bool expand = false;      ///< name every feature, the model's own, too
    bool migratable = false;  ///< leave out what keeps a guest from being moved
};

/// Throws Error: for models, features and vendors that nobody knows, CPUs that have nothing in common, and
/// architectures whose CPUs can't be compared.
model::Cpu baseline(std::span<const model::HostCpu> cpus, const BaselineOptions& options);

}  // namespace innkeeper::cpu
