#include <algorithm>

#include "base/error.h"
#include "drivers/qemu/complete/steps.h"

namespace innkeeper::qemu {

using model::DomainDef;

void settle_memory(Completion& it) {
    DomainDef& def = it.def;
    if (def.cpu && !def.cpu->numa.empty()) {
        // The nodes and what is plugged in say exactly what there is; the sum is only repeated.
        std::uint64_t sum = 0;
        for (const model::NumaCell& cell : def.cpu->numa) sum += cell.memory_kib;
        for (const model::MemoryDevice& device : def.devices.memories) sum += device.size;
        if (sum) def.memory_kib = sum;
    }
    if (def.memory_kib == 0)
        throw Error(ErrorCode::xml_error, ErrorDomain::domain,
                    "Memory size must be specified via <memory> or in the <numa> configuration");
    if (def.max_memory_kib && *def.max_memory_kib == 0) def.max_memory_kib.reset();
    if (def.max_memory_kib && *def.max_memory_kib < def.memory_kib)
        throw Error(ErrorCode::xml_error, ErrorDomain::domain,
                    "maximum memory size must be equal or greater than the actual memory size");
    if (def.current_memory_kib == 0 || def.current_memory_kib > def.memory_kib) def.current_memory_kib = def.memory_kib;
    // The kernel's largest number means: no limit.
    constexpr std::uint64_t unlimited = 9007199254740991;
    model::MemoryTune& tune = def.memory_tune;
    for (auto* limit : {&tune.hard_limit, &tune.soft_limit, &tune.swap_hard_limit})
        if (*limit && **limit >= unlimited) limit->reset();
}

namespace {

/// The lowest slot that no module has.
unsigned free_slot(const DomainDef& def) {
    for (unsigned slot = 0; slot < def.memory_slots.value_or(0); ++slot)
        if (std::ranges::none_of(def.devices.memories, [&](const model::MemoryDevice& other) {
                const auto* at = other.info.at<model::DimmAddress>();
                return at && at->slot == slot;
            }))
            return slot;
    throw Error(ErrorCode::internal_error, "failed to find an empty memory slot");
}

bool has_slot(const model::MemoryDevice& memory) {
    return memory.model == model::MemoryDevice::Model::dimm || memory.model == model::MemoryDevice::Model::nvdimm;
}

}  // namespace

void assign_memory_slots(Completion& it) {
    if (!it.def.max_memory_kib) return;
    for (model::MemoryDevice& memory : it.def.devices.memories)
        if (has_slot(memory) && !memory.info.has_address())
            memory.info.address = model::DimmAddress{.slot = free_slot(it.def)};
}

void settle_vcpus(Completion& it) {
    model::Vcpus& vcpus = it.def.vcpus;
    if (!vcpus.placement) vcpus.placement = model::Vcpus::Placement::static_;
    if (model::NumaTune& tune = it.def.numa_tune;
        vcpus.placement == model::Vcpus::Placement::auto_ && !tune.has_memory) {
        // Whoever is asked where the processors shall run is asked for the memory, too.
        tune.has_memory = true;
        tune.mode = model::NumaTune::Mode::strict;
        tune.placement = model::NumaTune::Placement::auto_;
    }
}

namespace {

bool is_arm_virt(const model::DomainDef& def) {
    using enum model::Architecture;
    const auto arch = def.os.arch;
    return (arch == aarch64 || arch == armv7l || arch == armv6l) &&
           (def.os.machine == "virt" || def.os.machine.starts_with("virt-"));
}

/// ARM's machine for guests has one of several interrupt controllers; once chosen it stays.
void settle_interrupt_controller(Completion& it) {
    model::Features& features = it.def.features;
    if (features.gic_version || !is_arm_virt(it.def)) return;
    const auto& known = it.is_accelerated() ? it.capabilities.gic_kernel : it.capabilities.gic_emulated;
    if (known.empty()) return;
    features.has_gic = true;
    features.gic_version = xml::value_of<model::Features::Gic>(*known.begin());
}

}  // namespace

void settle_features(Completion& it) {
    settle_interrupt_controller(it);
    model::Features& features = it.def.features;
    if (features.hyperv && !features.hyperv->mode) features.hyperv->mode = model::HypervFeatures::Mode::custom;
}

}  // namespace innkeeper::qemu
