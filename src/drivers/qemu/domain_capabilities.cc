#include "drivers/qemu/domain_capabilities.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "base/error.h"
#include "drivers/qemu/abilities/arch.h"
#include "drivers/qemu/cpu_modes.h"

namespace innkeeper::qemu {

using model::Choice;
using model::OsSupport;
using model::Support;
using Words = std::vector<std::string_view>;

namespace {

/// What is asked for, with what was left open decided.
struct Wanted {
    const Capabilities& capabilities;
    const DomainSurroundings& surroundings;
    const MachineType& machine;
    std::string arch, type;

    bool has(std::string_view type_name) const { return capabilities.has_type(type_name); }
    bool has_any(std::initializer_list<std::string_view> types) const {
        return std::ranges::any_of(types, [&](std::string_view one) { return has(one); });
    }
    bool is_x86() const { return arch == "x86_64" || arch == "i686"; }
    bool is_arm() const { return arch == "aarch64" || arch.starts_with("armv"); }
};

Support plain(bool is_supported) { return {is_supported, {}}; }

void add_path(OsSupport::Images& images, const std::string& path) {
    const bool is_there = std::ranges::find(images.paths, path, &model::Word::text) != images.paths.end();
    if (!is_there && ::access(path.c_str(), R_OK) == 0) images.paths.push_back({path});
}

/// The images that are described for such a guest; where none is, those of the configuration.
OsSupport os_support(const Wanted& wanted) {
    OsSupport os;
    bool is_bios = false, is_uefi = false, is_secure = false;
    const auto arch = xml::value_of<model::Architecture>(wanted.arch);
    for (const auto& one : wanted.surroundings.firmware) {
        if (!arch || !one.serves(*arch, wanted.machine.name)) continue;
        is_bios |= one.interfaces.contains(FirmwareDescriptor::Interface::bios);
        is_uefi |= one.interfaces.contains(FirmwareDescriptor::Interface::uefi);
        is_secure |= one.has("requires-smm");
        if (one.device != FirmwareDescriptor::Device::kernel) add_path(os.loader, one.code.path);
    }
    Words kinds;
    if (is_bios) kinds.push_back("bios");
    if (is_uefi) kinds.push_back("efi");
    if (kinds.empty())
        for (const auto& pair : wanted.surroundings.firmware_pairs) add_path(os.loader, pair.code);
    os.choices = {Choice::of("firmware", kinds)};
    os.loader.choices = {Choice::of("type", {"rom", "pflash"}), Choice::of("readonly", {"yes", "no"}),
                         Choice::of("secure", is_secure ? Words{"yes", "no"} : Words{"no"})};
    return os;
}

/// `virtio`, and its two faces of old and new on PCI.
Words virtio_models(const Wanted& wanted, std::string_view device) {
    Words words;
    const auto is = [&](std::string_view behind) { return wanted.has(std::string(device) + std::string(behind)); };
    if (is("-device") || is("-pci") || is("-ccw")) words.push_back("virtio");
    if (is("-pci-transitional")) words.push_back("virtio-transitional");
    if (is("-pci-non-transitional")) words.push_back("virtio-non-transitional");
    return words;
}

Support disks(const Wanted& wanted) {
    Words busses;
    if (wanted.machine.name.starts_with("pc-i440fx")) busses.push_back("ide");
    busses.insert(busses.end(), {"fdc", "scsi", "virtio"});
    if (wanted.has("usb-storage")) busses.push_back("usb");
    if (wanted.has("ich9-ahci")) busses.push_back("sata");
    Words models = virtio_models(wanted, "virtio-blk");
    if (models.empty()) models.push_back("virtio");
    return {true,
            {Choice::of("diskDevice", {"disk", "cdrom", "floppy", "lun"}), Choice::of("bus", busses),
             Choice::of("model", models)}};
}

Support videos(const Wanted& wanted) {
    struct Card {
        std::string_view word;
        std::initializer_list<std::string_view> types;
    };
    const Card cards[] = {{"vga", {"VGA"}},
                          {"cirrus", {"cirrus-vga"}},
                          {"vmvga", {"vmware-svga"}},
                          {"qxl", {"qxl-vga", "qxl"}},
                          {"virtio", {"virtio-gpu-pci", "virtio-gpu-device", "virtio-gpu-ccw"}},
                          {"none", {}},
                          {"bochs", {"bochs-display"}},
                          {"ramfb", {"ramfb"}}};
    Words words;
    for (const auto& card : cards)
        if (card.types.size() == 0 || wanted.has_any(card.types)) words.push_back(card.word);
    return {true, {Choice::of("modelType", words)}};
}

Support graphics(const Wanted& wanted) {
    Words words{"sdl"};
    if (wanted.capabilities.has_command("query-vnc")) words.push_back("vnc");
    if (wanted.capabilities.options.contains("spice")) words.push_back("spice");
    words.insert(words.end(), {"egl-headless", "dbus"});
    return {true, {Choice::of("type", words)}};
}

Support hostdevs(const Wanted& wanted) {
    Words subsystems;
    if (wanted.has("usb-host")) subsystems.push_back("usb");
    subsystems.insert(subsystems.end(), {"pci", "scsi"});
    return {true,
            {Choice::of("mode", {"subsystem"}),
             Choice::of("startupPolicy", {"default", "mandatory", "requisite", "optional"}),
             Choice::of("subsysType", subsystems), Choice::of("capsType", {}), Choice::of("pciBackend", {})}};
}

Support rngs(const Wanted& wanted) {
    Words backends;
    if (wanted.has("rng-random")) backends.push_back("random");
    if (wanted.has("rng-egd")) backends.push_back("egd");
    if (wanted.has("rng-builtin")) backends.push_back("builtin");
    return {true, {Choice::of("model", virtio_models(wanted, "virtio-rng")), Choice::of("backendModel", backends)}};
}

Support filesystems(const Wanted& wanted) {
    Words drivers{"path", "handle"};
    if (wanted.has_any({"vhost-user-fs-pci", "vhost-user-fs-device", "vhost-user-fs-ccw"}))
        drivers.push_back("virtiofs");
    return {true, {Choice::of("driverType", drivers)}};
}

Support tpms(const Wanted& wanted) {
    const auto& models = wanted.capabilities.tpm_models;
    const auto& types = wanted.capabilities.tpm_types;
    Words words, backends, versions;
    for (const std::string_view model : {"tpm-tis", "tpm-crb", "tpm-spapr"})
        if (models.contains(model)) words.push_back(model);
    if (words.empty()) return plain(false);
    if (types.contains("passthrough")) backends.push_back("passthrough");
    if (types.contains("emulator") && !wanted.surroundings.tpm_versions.empty()) {
        backends.insert(backends.end(), {"emulator", "external"});
        versions.assign(wanted.surroundings.tpm_versions.begin(), wanted.surroundings.tpm_versions.end());
    }
    Support support{true, {Choice::of("model", words), Choice::of("backendModel", backends)}};
    if (!versions.empty()) support.choices.push_back(Choice::of("backendVersion", versions));
    return support;
}

Support redirections(const Wanted& wanted) {
    if (!wanted.has("usb-redir")) return plain(false);
    return {true, {Choice::of("bus", {"usb"})}};
}

Support gics(const Wanted& wanted) {
    const auto& all = wanted.type == "kvm" ? wanted.capabilities.gic_kernel : wanted.capabilities.gic_emulated;
    const bool is_virt = wanted.machine.name == "virt" || wanted.machine.name.starts_with("virt-");
    if (!wanted.is_arm() || !is_virt || all.empty()) return plain(false);
    return {true, {Choice::of("version", Words(all.begin(), all.end()))}};
}

void add_devices(const Wanted& wanted, model::DomainCapabilities& into) {
    into.disk = disks(wanted);
    into.graphics = graphics(wanted);
    into.video = videos(wanted);
    into.hostdev = hostdevs(wanted);
    into.rng = rngs(wanted);
    into.filesystem = filesystems(wanted);
    into.tpm = tpms(wanted);
    into.redirdev = redirections(wanted);
    into.channel = Support{true, {Choice::of("type", {"pty", "unix", "spicevmc"})}};
}

void add_features(const Wanted& wanted, model::DomainCapabilities& into) {
    const auto& capabilities = wanted.capabilities;
    into.gic = gics(wanted);
    into.vmcoreinfo = plain(wanted.has("vmcoreinfo"));
    into.genid = plain(wanted.has("vmgenid"));
    into.backing_store_input = plain(true);
    into.backup =
        plain(capabilities.has_schema("blockdev-reopen.options") || capabilities.has_command("blockdev-reopen"));
    if (wanted.arch == "s390x") into.s390_pv = plain(false);
    into.sev = plain(false);
    into.sgx = plain(false);
    if (wanted.is_x86()) into.hyperv = Support{true, {Choice::of("features", {"spinlocks", "vendor_id"})}};
}

enum class Fit { serves, related, foreign };

/// An emulator serves the architecture that it is of, and some smaller ones of the same family.
Fit fit(std::string_view emulator, std::string_view arch) {
    constexpr std::string_view families[][5] = {{"x86_64", "i686"},
                                                {"aarch64", "armv7l", "armv6l", "armv7b"},
                                                {"ppc64", "ppc64le", "ppc", "ppcemb"},
                                                {"s390x", "s390"}};
    constexpr std::pair<std::string_view, std::string_view> served[] = {
        {"x86_64", "i686"}, {"aarch64", "armv7l"}, {"armv7l", "armv6l"}, {"ppc64", "ppc64le"}, {"ppc64", "ppc"}};
    if (emulator == arch || std::ranges::find(served, std::pair(emulator, arch)) != std::end(served))
        return Fit::serves;
    const auto holds = [](const auto& family, std::string_view one) {
        return std::ranges::find(family, one) != std::end(family);
    };
    return std::ranges::any_of(families,
                               [&](const auto& family) { return holds(family, emulator) && holds(family, arch); })
               ? Fit::related
               : Fit::foreign;
}

[[noreturn]] void refuse(std::string sentence) { throw Error(ErrorCode::invalid_arg, std::move(sentence)); }

/// The accelerator: the peer's words differ between emulators that could have KVM and those that could not.
std::string settle_type(const Capabilities& capabilities, const std::string& type) {
    if (type.empty() || type == "none") return capabilities.kvm ? "kvm" : "qemu";
    if (type == "qemu" || (type == "kvm" && capabilities.kvm)) return type;
    if (type != "kvm" && capabilities.has_type("kvm-accel"))
        refuse(fmt::format("Emulator '{}' does not support virt type '{}'", capabilities.binary, type));
    refuse(fmt::format("the accel '{}' is not supported by '{}' on this host",
                       type == "kvm" || type == "hvf" ? type : "tcg", capabilities.binary));
}

Wanted settle(const Capabilities& capabilities, const DomainChoice& choice, const DomainSurroundings& surroundings) {
    const Fit how = fit(capabilities.arch, choice.arch);
    if (how == Fit::foreign)
        refuse(fmt::format("architecture from emulator '{}' doesn't match given architecture '{}'", capabilities.arch,
                           choice.arch));
    std::string type = settle_type(capabilities, choice.virt_type);
    const MachineType* machine =
        choice.machine.empty() ? capabilities.default_machine() : capabilities.machine(choice.machine);
    if (machine == nullptr || machine->name == "none")
        refuse(fmt::format("the machine '{}' is not supported by emulator '{}'", choice.machine, capabilities.binary));
    if (how == Fit::related)
        refuse(fmt::format("Emulator '{}' does not support arch '{}'", capabilities.binary, choice.arch));
    return {capabilities, surroundings, *machine, choice.arch, std::move(type)};
}

}  // namespace

model::DomainCapabilities domain_capabilities(const Capabilities& capabilities, const DomainChoice& choice,
                                              const DomainSurroundings& surroundings) {
    const Wanted wanted = settle(capabilities, choice, surroundings);
    model::DomainCapabilities found;
    found.emulator = capabilities.binary;
    found.type = wanted.type;
    found.machine = wanted.machine.name;
    found.arch = wanted.arch;
    found.max_vcpus = wanted.machine.max_cpus;
    found.iothreads = plain(wanted.has("iothread"));
    found.os = os_support(wanted);
    found.cpu_modes = cpu_modes(capabilities, wanted.type == "kvm");
    Words sources{"file", "anonymous"};
    if (wanted.has("memory-backend-memfd")) sources.push_back("memfd");
    found.memory_backing = Support{true, {Choice::of("sourceType", sources)}};
    add_devices(wanted, found);
    add_features(wanted, found);
    return found;
}

}  // namespace innkeeper::qemu
