#include "drivers/qemu/documents.h"

#include <fmt/format.h>
#include <algorithm>

#include "base/error.h"
#include "drivers/qemu/abilities/arch.h"
#include "drivers/qemu/host_document.h"
#include "xml/writer.h"

namespace innkeeper::qemu {

namespace {

void write_machine(xml::Writer& out, const MachineType& machine, bool by_alias) {
    out.open("machine");
    if (by_alias) out.attribute("canonical", machine.name);
    out.attribute("maxCpus", std::to_string(machine.max_cpus));
    if (machine.deprecated) out.attribute("deprecated", "yes");
    out.text(by_alias ? machine.alias : machine.name);
    out.close();
}

void write_machines(xml::Writer& out, const Capabilities& emulator) {
    const MachineType* first = emulator.default_machine();
    const auto write_both = [&](const MachineType& machine) {
        write_machine(out, machine, false);
        if (!machine.alias.empty()) write_machine(out, machine, true);
    };
    if (first != nullptr) write_both(*first);
    for (const auto& machine : emulator.machines)
        if (&machine != first && machine.name != "none") write_both(machine);
}

void write_toggle(xml::Writer& out, std::string_view name, bool can_be_toggled) {
    out.open(name);
    out.attribute("default", "on");
    out.attribute("toggle", can_be_toggled ? "yes" : "no");
    out.close();
}

void write_features(xml::Writer& out, std::string_view arch) {
    const bool is_x86 = arch == "x86_64" || arch == "i686";
    out.open("features");
    if (arch == "i686") {
        out.leaf("pae");
        out.leaf("nonpae");
    }
    if (is_x86 || arch == "aarch64") write_toggle(out, "acpi", true);
    if (is_x86) write_toggle(out, "apic", false);
    out.leaf("cpuselection");
    out.leaf("deviceboot");
    write_toggle(out, "disksnapshot", false);
    out.close();
}

void write_guest(xml::Writer& out, const Abilities::Installed& installed) {
    const Capabilities& emulator = *installed.emulator;
    const Arch* arch = arch_of_name(installed.arch);
    out.open("guest");
    out.leaf("os_type", "hvm");
    out.open("arch");
    out.attribute("name", installed.arch);
    out.leaf("wordsize", arch != nullptr && arch->bits == 32 ? "32" : "64");
    out.leaf("emulator", emulator.binary);
    write_machines(out, emulator);
    for (const std::string_view type : {"qemu", "kvm"}) {
        if (type == "kvm" && !emulator.kvm) continue;
        out.open("domain");
        out.attribute("type", type);
        out.close();
    }
    out.close();
    write_features(out, installed.arch);
    out.close();
}

/// The peer separates the parts by empty lines.
std::string spaced(const std::string& text) {
    std::string out;
    out.reserve(text.size() + 64);
    for (std::size_t at = 0; at < text.size();) {
        const auto end = text.find('\n', at) + 1;
        const std::string_view line(text.data() + at, end - at);
        out += line;
        if (line == "<capabilities>\n" || line == "  </host>\n" || line == "  </guest>\n") out += '\n';
        at = end;
    }
    return out;
}

}  // namespace

std::string capabilities_document(const std::vector<Abilities::Installed>& emulators, std::string_view dac) {
    xml::Writer out;
    out.open("capabilities");
    write_host(out, dac);
    for (const auto& emulator : emulators) write_guest(out, emulator);
    out.close();
    return spaced(std::move(out).take());
}

}  // namespace innkeeper::qemu
