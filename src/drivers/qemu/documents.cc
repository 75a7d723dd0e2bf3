#include "drivers/qemu/documents.h"

#include <fmt/format.h>
#include <algorithm>

#include "base/error.h"
#include "drivers/qemu/abilities/arch.h"
#include "drivers/qemu/cpu_document.h"
#include "drivers/qemu/host_document.h"
#include "xml/writer.h"

namespace innkeeper::qemu {

namespace {

void value_list(xml::Writer& out, std::string_view name, std::initializer_list<std::string_view> values) {
    out.open("enum");
    out.attribute("name", name);
    for (const auto value : values) out.leaf("value", value);
    out.close();
}
void supported(xml::Writer& out, bool is) { out.attribute("supported", is ? "yes" : "no"); }

void write_machine(xml::Writer& out, const MachineType& machine, bool by_alias) {
    out.open("machine");
    if (by_alias) out.attribute("canonical", machine.name);
    out.attribute("maxCpus", std::to_string(machine.max_cpus));
    if (machine.deprecated) out.attribute("deprecated", "yes");
    out.text(by_alias ? machine.alias : machine.name);
    out.close();
}

void write_guest(xml::Writer& out, const Capabilities& emulator) {
    out.open("guest");
    out.leaf("os_type", "hvm");
    out.open("arch");
    out.attribute("name", emulator.arch);
    const Arch* arch = arch_of_name(emulator.arch);
    out.leaf("wordsize", arch != nullptr && arch->bits == 32 ? "32" : "64");
    out.leaf("emulator", emulator.binary);
    const MachineType* first = emulator.default_machine();
    const auto write_both = [&](const MachineType& machine) {
        write_machine(out, machine, false);
        if (!machine.alias.empty()) write_machine(out, machine, true);
    };
    if (first != nullptr) write_both(*first);
    for (const auto& machine : emulator.machines)
        if (&machine != first && machine.name != "none") write_both(machine);
    for (const std::string_view type : {"qemu", "kvm"}) {
        if (type == "kvm" && !emulator.kvm) continue;
        out.open("domain");
        out.attribute("type", type);
        out.close();
    }
    out.close();
    out.open("features");
    const bool x86 = emulator.arch == "x86_64" || emulator.arch == "i686";
    if (emulator.arch == "i686") {
        out.leaf("pae");
        out.leaf("nonpae");
    }
    const auto toggle = [&](std::string_view name) {
        out.open(name);
        out.attribute("default", "on");
        out.attribute("toggle", "yes");
        out.close();
    };
    if (x86) {
        toggle("acpi");
        out.open("apic");
        out.attribute("default", "on");
        out.attribute("toggle", "no");
        out.close();
    }
    out.leaf("cpuselection");
    out.leaf("deviceboot");
    out.open("disksnapshot");
    out.attribute("default", "on");
    out.attribute("toggle", "no");
    out.close();
    out.close();
    out.close();
}

void write_os(xml::Writer& out) {
    out.open("os");
    supported(out, true);
    value_list(out, "firmware", {});
    out.open("loader");
    supported(out, true);
    value_list(out, "type", {"rom", "pflash"});
    value_list(out, "readonly", {"yes", "no"});
    value_list(out, "secure", {"no"});
    out.close();
    out.close();
}

void write_disks(xml::Writer& out, bool is_q35) {
    out.open("disk");
    supported(out, true);
    value_list(out, "diskDevice", {"disk", "cdrom", "floppy", "lun"});
    if (is_q35)
        value_list(out, "bus", {"fdc", "scsi", "virtio", "usb", "sata"});
    else
        value_list(out, "bus", {"ide", "fdc", "scsi", "virtio", "usb", "sata"});
    value_list(out, "model", {"virtio", "virtio-transitional", "virtio-non-transitional"});
    out.close();
}

/// What is the same for every machine type.
void write_shared_devices(xml::Writer& out, const Capabilities& capabilities) {
    out.open("filesystem");
    supported(out, capabilities.has_type("virtio-9p-pci") || capabilities.has_type("vhost-user-fs-pci"));
    value_list(out, "driverType", {"path", "handle", "virtiofs"});
    out.close();
    out.open("tpm");
    supported(out, !capabilities.tpm_models.empty());
    if (!capabilities.tpm_models.empty()) {
        out.open("enum");
        out.attribute("name", "model");
        for (const std::string_view model : {"tpm-tis", "tpm-crb", "tpm-spapr", "tpm-tis-device"})
            if (capabilities.tpm_models.contains(model)) out.leaf("value", model);
        out.close();
        value_list(out, "backendModel", {"passthrough"});
    }
    out.close();
    out.open("redirdev");
    supported(out, capabilities.has_type("usb-redir"));
    value_list(out, "bus", {"usb"});
    out.close();
}

void write_hostdev(xml::Writer& out) {
    out.open("hostdev");
    supported(out, true);
    value_list(out, "mode", {"subsystem"});
    value_list(out, "startupPolicy", {"default", "mandatory", "requisite", "optional"});
    value_list(out, "subsysType", {"usb", "pci", "scsi"});
    value_list(out, "capsType", {});
    value_list(out, "pciBackend", {});
    out.close();
}

void write_features(xml::Writer& out, const Capabilities& capabilities) {
    const auto feature = [&](std::string_view name, bool is) {
        out.open(name);
        supported(out, is);
        out.close();
    };
    const bool x86 = capabilities.arch == "x86_64" || capabilities.arch == "i686";
    out.open("features");
    feature("gic", false);
    feature("vmcoreinfo", capabilities.has_type("vmcoreinfo"));
    feature("genid", capabilities.has_type("vmgenid"));
    feature("backingStoreInput", true);
    feature("backup",
            capabilities.has_schema("blockdev-reopen.options") || capabilities.has_command("blockdev-reopen"));
    feature("sev", false);
    feature("sgx", false);
    if (x86) {
        out.open("hyperv");
        supported(out, true);
        value_list(out, "features", {"spinlocks", "vendor_id"});
        out.close();
    }
    out.close();
}

void write_devices(xml::Writer& out, const Capabilities& capabilities, bool is_q35) {
    const auto has = [&](std::string_view type) { return capabilities.has_type(type); };
    out.open("devices");
    write_disks(out, is_q35);
    out.open("graphics");
    supported(out, true);
    value_list(out, "type", {"sdl", "vnc", "spice", "egl-headless", "dbus"});
    out.close();
    out.open("video");
    supported(out, true);
    out.open("enum");
    out.attribute("name", "modelType");
    constexpr std::pair<std::string_view, std::string_view> videos[] = {{"VGA", "vga"},
                                                                        {"cirrus-vga", "cirrus"},
                                                                        {"vmware-svga", "vmvga"},
                                                                        {"qxl-vga", "qxl"},
                                                                        {"virtio-gpu-pci", "virtio"},
                                                                        {"", "none"},
                                                                        {"bochs-display", "bochs"},
                                                                        {"ramfb", "ramfb"}};
    for (const auto& [type, word] : videos)
        if (type.empty() || has(type)) out.leaf("value", word);
    out.close();
    out.close();
    write_hostdev(out);
    out.open("rng");
    supported(out, has("virtio-rng-pci"));
    value_list(out, "model", {"virtio", "virtio-transitional", "virtio-non-transitional"});
    value_list(out, "backendModel", {"random", "egd", "builtin"});
    out.close();
    write_shared_devices(out, capabilities);
    out.open("channel");
    supported(out, true);
    value_list(out, "type", {"pty", "unix", "spicevmc"});
    out.close();
    out.close();
}

}  // namespace

std::string capabilities_document(const std::vector<CapabilitiesPtr>& emulators, std::string_view dac) {
    xml::Writer out;
    out.open("capabilities");
    write_host(out, dac);
    for (const auto& emulator : emulators) write_guest(out, *emulator);
    out.close();
    return std::move(out).take();
}

std::string domain_capabilities_document(const Capabilities& capabilities, std::string_view arch,
                                         std::string_view machine, std::string_view virt_type) {
    const bool x86 = capabilities.arch == "x86_64";
    if (!arch.empty() && arch != capabilities.arch && !(x86 && arch == "i686"))
        throw Error(ErrorCode::invalid_arg, fmt::format("architecture from emulator '{}' doesn't match given "
                                                        "architecture '{}'",
                                                        capabilities.arch, arch));
    const std::string_view type = !virt_type.empty() ? virt_type : capabilities.kvm ? "kvm" : "qemu";
    if (type != "qemu" && !(type == "kvm" && capabilities.kvm))
        throw Error(ErrorCode::invalid_arg,
                    fmt::format("Emulator '{}' does not support virt type '{}'", capabilities.binary, type));
    const MachineType* chosen = machine.empty() ? capabilities.default_machine() : capabilities.machine(machine);
    if (chosen == nullptr)
        throw Error(ErrorCode::invalid_arg,
                    fmt::format("the machine '{}' is not supported by emulator '{}'", machine, capabilities.binary));
    xml::Writer out;
    out.open("domainCapabilities");
    out.leaf("path", capabilities.binary);
    out.leaf("domain", type);
    out.leaf("machine", chosen->name);
    out.leaf("arch", arch.empty() ? std::string_view(capabilities.arch) : arch);
    out.open("vcpu");
    out.attribute("max", std::to_string(chosen->max_cpus));
    out.close();
    out.open("iothreads");
    supported(out, capabilities.has_type("iothread"));
    out.close();
    write_os(out);
    write_cpu_modes(out, capabilities, type == "kvm");
    out.open("memoryBacking");
    supported(out, true);
    value_list(out, "sourceType", {"file", "anonymous", "memfd"});
    out.close();
    write_devices(out, capabilities, chosen->name.starts_with("pc-q35"));
    write_features(out, capabilities);
    out.close();
    return std::move(out).take();
}

}  // namespace innkeeper::qemu
