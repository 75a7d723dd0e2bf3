#pragma once

#include <cstdint>
#include <optional>

/// What the kernel's hypervisor tells without running a guest.
namespace innkeeper::host {

/// A model-specific register that describes the processor, as a guest would read it. Nothing without KVM or if the
/// processor has no such register.
std::optional<std::uint64_t> kvm_feature_register(std::uint32_t index);

/// The clock that guests read.
struct TimeStampCounter {
    std::uint64_t hertz = 0;
    bool can_be_scaled = false;
};
std::optional<TimeStampCounter> kvm_time_stamp_counter();

}  // namespace innkeeper::host
