#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "cpu/compare.h"
#include "cpu/decode.h"
#include "drivers/qemu/abilities/capabilities.h"
#include "model/domain/domain.h"

/// The CPU that an emulator can give to a guest at most, and what becomes of a guest's CPU there.
namespace innkeeper::qemu {

class EmulatedCpu {
  public:
    /// Nothing for an emulator of whose CPUs no features are known, or that did not tell them. Keeps a reference.
    static std::optional<EmulatedCpu> of(const Capabilities& capabilities, bool accelerated);

    const cpu::X86Cpu& most() const { return most_; }
    bool knows(std::string_view model) const;
    /// For the nearest of the emulator's own models, of the vendor's if one is given. Good as long as this object is.
    cpu::Search search(std::string_view vendor) const;
    /// The mode "host-model", spelled out. Throws Error if no model fits.
    model::Cpu host_model() const;

  private:
    EmulatedCpu(const Capabilities& capabilities, bool accelerated) : all_(&capabilities), accelerated_(accelerated) {}
    cpu::FeatureSet withheld(std::string_view model) const;

    const Capabilities* all_;
    bool accelerated_;
    cpu::X86Cpu most_;
};

/// The CPU of a definition with all that it implies here, as clients are shown it on demand.
model::Cpu shown_cpu(const model::Cpu& cpu, const EmulatedCpu& emulated);
/// As a guest starts with it: no feature is optional any more, and the model is one that the emulator knows. Throws
/// Error for what the emulator can't do and the definition insists on.
model::Cpu settled_cpu(const model::Cpu& cpu, const EmulatedCpu& emulated);
/// The same for a definition, if it says anything of a CPU that something is known of.
void settle_cpu(model::DomainDef& def, const Capabilities& capabilities);

/// What QEMU tells of a guest's CPU.
struct ToldFeatures {
    cpu::FeatureSet enabled;
    cpu::FeatureSet filtered;  ///< asked for, by the definition or by the model as QEMU has it, and not to be had
};
/// As it is once the guest runs; throws Error if the definition insists on exactly what it says and that is not so.
model::Cpu running_cpu(const model::Cpu& cpu, const ToldFeatures& told);

}  // namespace innkeeper::qemu
