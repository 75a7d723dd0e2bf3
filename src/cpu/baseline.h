#pragma once

#include <span>

#include "cpu/decode.h"
#include "cpu/document.h"

/// The CPU that a guest can have on every one of several hosts.
namespace innkeeper::cpu {

struct BaselineOptions {
    bool expand = false;      ///< name every feature, the model's own, too
    bool migratable = false;  ///< leave out what keeps a guest from being moved
};

/// Throws Error: for models, features and vendors that nobody knows, CPUs that have nothing in common, and
/// architectures whose CPUs can't be compared.
model::Cpu baseline(std::span<const model::HostCpu> cpus, const BaselineOptions& options);

/// The same among the models that an emulator has, of x86; `search` says which those are and what it withholds from
/// each. The documents may be of guests, too.
model::Cpu emulated_baseline(std::span<const CpuDocument> documents, const BaselineOptions& options,
                             const Search& search);

}  // namespace innkeeper::cpu
