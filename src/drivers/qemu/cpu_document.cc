#include "drivers/qemu/cpu_document.h"

#include <algorithm>

#include "cpu/arch.h"
#include "cpu/x86.h"
#include "drivers/qemu/emulated_cpu.h"

namespace innkeeper::qemu {

namespace {

void open_mode(xml::Writer& out, std::string_view name, bool is_supported) {
    out.open("mode");
    out.attribute("name", name);
    out.attribute("supported", is_supported ? "yes" : "no");
}

/// Whether what the guest does not see of the host may be left to chance.
void write_migratable(xml::Writer& out, std::string_view name) {
    out.open("enum");
    out.attribute("name", name);
    out.leaf("value", "on");
    out.leaf("value", "off");
    out.close();
}

void write_host_model(xml::Writer& out, const Capabilities& capabilities, bool accelerated) {
    const auto emulated = EmulatedCpu::of(capabilities, accelerated);
    open_mode(out, "host-model", emulated.has_value());
    if (emulated) {
        model::Cpu cpu = emulated->host_model();
        cpu.mode.reset();
        cpu.match.reset();
        xml::write_inside(model::cpu_element, &cpu, out);
    }
    out.close();
}

/// Emulators of other architectures name models that nobody else knows, and all of those count.
bool has_names(std::string_view arch) { return arch == "x86_64" || arch == "i686" || arch.starts_with("ppc64"); }

std::string_view vendor_of(std::string_view arch, std::string_view name) {
    std::string_view vendor;
    if (arch.starts_with("ppc64")) {
        if (const auto* model = cpu::ppc64_model(name)) vendor = model->vendor;
    } else if (has_names(arch)) {
        if (const auto* model = cpu::x86_model(name)) vendor = model->vendor;
    }
    return vendor.empty() ? "unknown" : vendor;
}

void write_models(xml::Writer& out, const Capabilities& capabilities, bool accelerated) {
    std::vector<std::string_view> names;
    if (has_names(capabilities.arch)) names = cpu::model_names(capabilities.arch);
    for (const CpuModel& model : accelerated ? capabilities.kvm_cpus : capabilities.tcg_cpus) {
        if (has_names(capabilities.arch) && std::ranges::find(names, model.name) == names.end()) continue;
        out.open("model");
        const bool is_usable = model.unavailable.empty();
        out.attribute("usable", !model.tells_unavailable ? "unknown" : is_usable ? "yes" : "no");
        if (model.deprecated) out.attribute("deprecated", "yes");
        out.attribute("vendor", vendor_of(capabilities.arch, model.name));
        out.text(model.name);
        out.close();
    }
}

}  // namespace

void write_cpu_modes(xml::Writer& out, const Capabilities& capabilities, bool accelerated) {
    out.open("cpu");
    open_mode(out, "host-passthrough", accelerated);
    if (accelerated) write_migratable(out, "hostPassthroughMigratable");
    out.close();
    const auto& models = accelerated ? capabilities.kvm_cpus : capabilities.tcg_cpus;
    // Emulators of some architectures have no model of all that they can do.
    const bool is_maximum = std::ranges::find(models, "max", &CpuModel::name) != models.end();
    open_mode(out, "maximum", is_maximum);
    if (is_maximum) write_migratable(out, "maximumMigratable");
    out.close();
    write_host_model(out, capabilities, accelerated);
    open_mode(out, "custom", !models.empty());
    write_models(out, capabilities, accelerated);
    out.close();
    out.close();
}

}  // namespace innkeeper::qemu
