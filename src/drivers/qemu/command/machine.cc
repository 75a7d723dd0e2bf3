#include <fmt/format.h>

#include "drivers/qemu/command/builder.h"

/// The machine itself: its type and switches, and what accelerates it.
namespace innkeeper::qemu {

using model::Features;

namespace {

std::optional<bool> wants_smm(const Features& features) { return features.smm; }

/// The machine's own RAM gets a name only where the guest's memory is not divided into nodes.
std::string default_ram(const Builder& b) {
    if (b.domain.cpu && !b.domain.cpu->numa.empty()) return {};
    const MachineType* machine = b.capabilities.machine(b.domain.os.machine);
    return machine ? machine->default_ram : std::string();
}

void refuse_foreign_features(const Builder& b) {
    const Features& features = b.domain.features;
    const auto refuse = [&](bool present, std::string_view element) {
        if (present)
            unsupported(
                fmt::format("<features> element <{}> is not supported for architecture '{}' or machine type '{}'",
                            element, b.domain.os.arch ? xml::name(*b.domain.os.arch) : "", b.domain.os.machine));
    };
    if (!b.is_x86()) {
        refuse(features.vmport == true, "vmport");
        refuse(features.smm.has_value(), "smm");
    }
    refuse(features.has_hpt, "hpt");
    refuse(features.htm.has_value(), "htm");
    refuse(features.nested_hv.has_value(), "nested-hv");
    refuse(features.ccf_assist.has_value(), "ccf-assist");
    refuse(features.cfpc.has_value(), "cfpc");
    refuse(features.sbbc.has_value(), "sbbc");
    refuse(features.ibs.has_value(), "ibs");
    refuse(features.async_teardown.has_value(), "async-teardown");
    refuse(features.has_gic && b.is_x86(), "gic");
}

void add_key_wrap(const Builder& b, Pairs& words) {
    const auto add = [&](std::string_view name, std::optional<bool> state) {
        if (!state) return;
        if (b.domain.os.arch != model::Architecture::s390x)
            unsupported(fmt::format("{} is not available with this QEMU binary", name));
        words.on_off(name, state);
    };
    add("aes-key-wrap", b.domain.key_wrap.aes);
    add("dea-key-wrap", b.domain.key_wrap.dea);
}

}  // namespace

void add_machine(Builder& b) {
    const Features& features = b.domain.features;
    refuse_foreign_features(b);
    Pairs words(b.domain.os.machine);
    words.word("usb=off");
    // The emulator of 32 bits does not say that it has the choice.
    if (features.gic_version && b.domain.os.arch == model::Architecture::aarch64)
        words.add("gic-version", xml::name(*features.gic_version));
    words.on_off("vmport", features.vmport);
    words.on_off("smm", wants_smm(features));
    if (features.ioapic && *features.ioapic != Features::Ioapic::none)
        words.add("kernel_irqchip", *features.ioapic == Features::Ioapic::qemu ? "split" : "on");
    words.on_off("dump-guest-core", b.domain.memory_dump_core.value_or(b.context.dump_guest_core));
    if (b.domain.memory_backing.no_share_pages) words.word("mem-merge=off");
    for (const model::MemoryDevice& memory : b.devices.memories)
        if (memory.model == model::MemoryDevice::Model::nvdimm) {
            words.word("nvdimm=on");
            break;
        }
    if (const std::string ram = default_ram(b); !ram.empty()) words.add("memory-backend", ram);
    if (has_hmat(b)) words.word("hmat=on");
    add_key_wrap(b, words);
    if (const std::string pflash = pflash_words(b); !pflash.empty()) words.word(pflash);
    b.option("-machine", words);
}

void add_accelerator(Builder& b) {
    const Features& features = b.domain.features;
    using VirtType = model::DomainDef::VirtType;
    if (b.domain.type == VirtType::kvm) {
        Pairs words("kvm");
        if (features.kvm && features.kvm->dirty_ring == true && features.kvm->dirty_ring_size)
            words.add("dirty-ring-size", *features.kvm->dirty_ring_size);
        b.option("-accel", words);
    } else if (b.domain.type == VirtType::qemu) {
        Pairs words("tcg");
        if (features.tcg_tb_cache_mib) words.add("tb-size", *features.tcg_tb_cache_mib);
        b.option("-accel", words);
    } else {
        unsupported(fmt::format("the QEMU binary does not support {}",
                                b.domain.type ? xml::name(*b.domain.type) : std::string_view("no type")));
    }
}

void add_tseg(Builder& b) {
    if (!b.domain.features.tseg_mib) return;
    b.option("-global", Pairs().add("mch.extended-tseg-mbytes", *b.domain.features.tseg_mib));
}

void add_vmcoreinfo(Builder& b) {
    if (b.domain.features.vmcoreinfo == true) b.device(Props("vmcoreinfo"));
}

}  // namespace innkeeper::qemu
