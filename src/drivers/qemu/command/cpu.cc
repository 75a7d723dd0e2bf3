#include "model/domain/cpu.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "drivers/qemu/abilities/cpu_features.h"
#include "drivers/qemu/command/builder.h"

/// The processor that the guest sees, with what it is told of the hypervisor.
namespace innkeeper::qemu {

using model::Cpu;
using model::CpuFeature;
using model::Timer;

namespace {

/// What a host's processor can have and QEMU never gives to a guest. A definition that was made from a host's
/// capabilities names them, and the peer leaves them out.
bool is_unknown_to_qemu(std::string_view name) {
    static constexpr std::array<std::string_view, 5> names{"cmt", "mbm_total", "mbm_local", "osxsave", "ospke"};
    return std::ranges::find(names, name) != names.end();
}

bool is_on(CpuFeature::Policy policy) {
    return policy != CpuFeature::Policy::disable && policy != CpuFeature::Policy::forbid;
}

void add_features(const Cpu& cpu, Pairs& words) {
    for (const CpuFeature& feature : cpu.features) {
        if (is_unknown_to_qemu(feature.name)) continue;
        words.on_off(qemu_feature(feature.name), is_on(feature.policy.value_or(CpuFeature::Policy::require)));
    }
}

void add_model(const Builder& b, const Cpu& cpu, Pairs& words) {
    switch (cpu.mode.value_or(Cpu::Mode::custom)) {
        case Cpu::Mode::host_passthrough:
            if (!b.is_kvm())
                unsupported(
                    fmt::format("CPU mode 'host-passthrough' for {0} {1} domain on {0} host is not supported by "
                                "hypervisor",
                                b.capabilities.arch, xml::name(*b.domain.type)));
            words.word("host");
            words.on_off("migratable", cpu.migratable);
            break;
        case Cpu::Mode::maximum:
            words.word("max");
            if (b.is_kvm()) words.on_off("migratable", cpu.migratable);
            break;
        case Cpu::Mode::host_model:
            unsupported("CPU mode 'host-model' must have been resolved to a CPU model before the start");
        case Cpu::Mode::custom:
            words.word(escaped(cpu.model));
            words.add_if("vendor", cpu.vendor_id);
            break;
    }
    add_features(cpu, words);
    if (cpu.cache) {
        const bool passthrough = cpu.cache->mode == model::CpuCache::Mode::passthrough;
        const bool emulate = cpu.cache->mode == model::CpuCache::Mode::emulate;
        // Only CPUs that are like the host's have the host's cache unless told otherwise.
        const auto mode = cpu.mode.value_or(Cpu::Mode::custom);
        if (mode == Cpu::Mode::host_passthrough || mode == Cpu::Mode::maximum)
            words.on_off("host-cache-info", passthrough);
        words.on_off("l3-cache", emulate);
    }
}

void add_physical_address_size(const Cpu& cpu, Pairs& words) {
    if (!cpu.max_phys_addr) return;
    if (cpu.max_phys_addr->mode == model::CpuMaxPhysAddr::Mode::passthrough) {
        words.word("host-phys-bits=on");
        if (cpu.max_phys_addr->limit) words.add("host-phys-bits-limit", *cpu.max_phys_addr->limit);
    } else if (cpu.max_phys_addr->bits) {
        words.add("phys-bits", *cpu.max_phys_addr->bits);
    }
}

void add_timers(const model::Clock& clock, Pairs& words) {
    for (const Timer& timer : clock.timers) {
        if (timer.name == Timer::Name::kvmclock && timer.present)
            words.on_off("kvmclock", *timer.present);
        else if (timer.name == Timer::Name::hypervclock && timer.present == true)
            words.word("hv-time=on");
        else if (timer.name == Timer::Name::tsc && timer.frequency)
            words.add("tsc-frequency", *timer.frequency);
    }
}

void add_hyperv(const model::HypervFeatures& hyperv, Pairs& words) {
    if (hyperv.mode == model::HypervFeatures::Mode::passthrough) {
        words.word("hv-passthrough=on");
        return;
    }
    const auto enabled = [&](const std::optional<bool>& feature, std::string_view name) {
        if (feature == true) words.word(fmt::format("{}=on", name));
    };
    enabled(hyperv.relaxed, "hv-relaxed");
    enabled(hyperv.vapic, "hv-vapic");
    if (hyperv.spinlocks == true) words.word(fmt::format("hv-spinlocks=0x{:x}", hyperv.spinlock_retries.value_or(0)));
    enabled(hyperv.vpindex, "hv-vpindex");
    enabled(hyperv.runtime, "hv-runtime");
    enabled(hyperv.synic, "hv-synic");
    enabled(hyperv.stimer, "hv-stimer");
    if (hyperv.stimer == true) enabled(hyperv.stimer_direct, "hv-stimer-direct");
    enabled(hyperv.reset, "hv-reset");
    if (hyperv.vendor_id == true) words.add("hv-vendor-id", hyperv.vendor);
    enabled(hyperv.frequencies, "hv-frequencies");
    enabled(hyperv.reenlightenment, "hv-reenlightenment");
    enabled(hyperv.tlbflush, "hv-tlbflush");
    enabled(hyperv.ipi, "hv-ipi");
    enabled(hyperv.evmcs, "hv-evmcs");
    enabled(hyperv.avic, "hv-avic");
}

void add_kvm(const model::KvmFeatures& kvm, Pairs& words) {
    if (kvm.hidden == true) words.word("kvm=off");
    if (kvm.hint_dedicated == true) words.word("kvm-hint-dedicated=on");
    if (kvm.poll_control == true) words.word("kvm-poll-control=on");
    if (kvm.pv_ipi == false) words.word("kvm-pv-ipi=off");  // on by itself
}

/// The model of a machine type without one, from the name of its object type: "qemu64-x86_64-cpu".
std::string default_model(const Builder& b) {
    const MachineType* machine = b.capabilities.machine(b.domain.os.machine);
    if (!machine) return {};
    const std::string suffix = "-" + b.capabilities.arch + "-cpu";
    std::string type = machine->default_cpu;
    if (type.ends_with("-i386-cpu"))
        type.resize(type.size() - 9);
    else if (type.ends_with(suffix))
        type.resize(type.size() - suffix.size());
    else
        return {};  // a type that is no model's: QEMU takes it by itself
    return type;
}

}  // namespace

void add_cpu(Builder& b) {
    Pairs words;
    const auto& cpu = b.domain.cpu;
    const bool is_named = cpu && (!cpu->model.empty() || (cpu->mode && *cpu->mode != Cpu::Mode::custom));
    if (is_named)
        add_model(b, *cpu, words);
    else if (const auto name = default_model(b); !name.empty())
        words.word(name);

    const model::Features& features = b.domain.features;
    add_timers(b.domain.clock, words);
    if (features.apic_eoi) words.on_off("kvm-pv-eoi", *features.apic_eoi);
    if (features.pvspinlock) words.on_off("kvm-pv-unhalt", *features.pvspinlock);
    if (features.hyperv) add_hyperv(*features.hyperv, words);
    for (const model::Panic& panic : b.devices.panics)
        if (panic.model == model::Panic::Model::hyperv) words.word("hv-crash");
    if (features.kvm) add_kvm(*features.kvm, words);
    words.on_off("pmu", features.pmu);
    if (is_named) add_physical_address_size(*cpu, words);
    if (!words.empty()) b.option("-cpu", words);
}

void add_smp(Builder& b) {
    const model::Vcpus& vcpus = b.domain.vcpus;
    unsigned at_start = vcpus.current.value_or(vcpus.maximum);
    // Processors that the definition lets be unplugged are plugged in after the start, so that they can be.
    for (const model::Vcpu& vcpu : b.domain.vcpu_list)
        if (vcpu.enabled && vcpu.hotpluggable == true && at_start > 1) --at_start;
    Pairs words(std::to_string(at_start));
    if (at_start != vcpus.maximum) words.add("maxcpus", vcpus.maximum);
    if (b.domain.cpu && b.domain.cpu->topology) {
        const model::CpuTopology& topology = *b.domain.cpu->topology;
        if (topology.count() != vcpus.maximum) unsupported("CPU topology doesn't match maximum vcpu count");
        words.add("sockets", topology.sockets);
        if (b.is_x86() || topology.dies != 1) words.add("dies", topology.dies);
        words.add("cores", topology.cores).add("threads", topology.threads);
    } else {
        words.add("sockets", vcpus.maximum).add("cores", 1).add("threads", 1);
    }
    b.option("-smp", words);
}

void add_iothreads(Builder& b) {
    for (const model::IoThread& thread : b.domain.iothread_ids)
        b.object(Props("iothread", "qom-type")
                     .add("id", fmt::format("iothread{}", thread.id))
                     .add("thread-pool-min", thread.thread_pool_min)
                     .add("thread-pool-max", thread.thread_pool_max));
    if (b.domain.default_iothread_pool_min || b.domain.default_iothread_pool_max)
        b.object(Props("main-loop", "qom-type")
                     .add("id", "main-loop")
                     .add("thread-pool-min", b.domain.default_iothread_pool_min)
                     .add("thread-pool-max", b.domain.default_iothread_pool_max));
}

}  // namespace innkeeper::qemu
