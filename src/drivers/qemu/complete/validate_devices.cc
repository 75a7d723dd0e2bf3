#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "drivers/qemu/complete/validate.h"

namespace innkeeper::qemu {

void not_supported(std::string sentence) { throw Error(ErrorCode::config_unsupported, std::move(sentence)); }

void refused_by_model(ErrorCode code, std::string sentence) {
    throw Error(code, ErrorDomain::domain, std::move(sentence));
}

void validate_place(const Completion& it, const model::DeviceInfo& info) {
    if (info.at<model::CcwAddress>())
        not_supported(fmt::format("cannot use CCW address type for device '{}' using machine type '{}'",
                                  info.alias.empty() ? "<null>" : info.alias, it.def.os.machine));
}

void require_shared_memory(const Completion& it, std::string_view what) {
    using Access = model::NumaCell::Access;
    const bool is_shared = it.def.memory_backing.access == Access::shared ||
                           (it.def.cpu && std::ranges::any_of(it.def.cpu->numa, [](const model::NumaCell& cell) {
                                return cell.access == Access::shared;
                            }));
    if (!is_shared) not_supported(fmt::format("'{}' requires shared memory", what));
}

void validate(const Completion& it, const model::Audio& audio) {
    if (std::ranges::count(it.def.devices.audios, audio.id, &model::Audio::id) > 1)
        refused_by_model(ErrorCode::xml_error, fmt::format("audio ID {} is used multiple times", audio.id));
    if (audio.type == model::Audio::Type::spice &&
        std::ranges::find(it.def.devices.graphics, model::Graphics::Type::spice, &model::Graphics::type) ==
            it.def.devices.graphics.end())
        not_supported("Spice audio is not supported without spice graphics");
}

void validate(const Completion& it, const model::Filesystem& filesystem) {
    if (filesystem.type != model::Filesystem::Type::mount) not_supported("only supports mount filesystem type");
    if (filesystem.driver == model::Filesystem::Driver::virtiofs) require_shared_memory(it, "virtiofs");
}

void validate(const Completion& it, const model::Graphics& graphics) {
    using Type = model::Graphics::Type;
    if (graphics.type == Type::rdp || graphics.type == Type::desktop)
        not_supported(fmt::format("{} graphics are not supported with this QEMU", xml::name(graphics.type)));
    if (graphics.type != Type::spice || it.host.spice_tls) return;
    if (graphics.tls_port.value_or(0) > 0)
        not_supported("spice TLS port set in XML configuration, but TLS is disabled in qemu.conf");
    // With ports of the daemon's choice a secure channel only means that there will be one where TLS can be had.
    if (graphics.autoport == true) return;
    if (graphics.default_mode == model::Graphics::SpiceMode::secure)
        not_supported("spice defaultMode secure requested in XML configuration, but TLS is disabled in qemu.conf");
    for (const auto& channel : graphics.channels)
        if (channel.mode == model::Graphics::SpiceMode::secure)
            not_supported("spice secure channels set in XML configuration, but TLS is disabled in qemu.conf");
}

void validate(const Completion&, const model::Input& input) {
    if (input.bus == model::Input::Bus::ps2 && input.type == model::Input::Type::tablet)
        throw Error(ErrorCode::internal_error, ErrorDomain::domain, "ps2 bus does not support tablet input device");
    if (input.bus == model::Input::Bus::xen || input.bus == model::Input::Bus::parallels)
        throw Error(ErrorCode::internal_error, ErrorDomain::domain,
                    fmt::format("unsupported input bus {}", xml::name(*input.bus)));
    // Only what QEMU has three devices for can be told apart.
    const bool transitional = input.model == model::Input::Model::virtio_transitional ||
                              input.model == model::Input::Model::virtio_non_transitional;
    if (input.bus == model::Input::Bus::virtio && transitional && input.type != model::Input::Type::passthrough)
        not_supported(
            fmt::format("virtio (non-)transitional models are not supported for input type={}", xml::name(input.type)));
}

void validate(const Completion&, const model::Interface& interface) {
    using Type = model::Interface::Type;
    validate_reconnect(interface.vhost_reconnect);
    const bool has_tap = interface.type == Type::network || interface.type == Type::bridge ||
                         interface.type == Type::ethernet || interface.type == Type::direct;
    if (interface.type != Type::user && !(interface.guest_addresses.empty() && interface.guest_routes.empty()))
        not_supported(
            "Invalid attempt to set network interface guest-side IP route and/or address info, not supported by "
            "QEMU");
    if (interface.type == Type::user && interface.mtu)
        not_supported("setting MTU on interface type user is not supported yet");
    if (!has_tap && interface.coalesce_rx_frames_max)
        not_supported(
            fmt::format("coalesce settings on interface type {} are not supported", xml::name(interface.type)));
}

void validate(const Completion&, const model::Sound& sound) {
    if (sound.model == model::Sound::Model::ich7)
        throw Error(ErrorCode::internal_error, "sound card model 'ich7' is not supported by qemu");
}

void validate(const Completion& it, const model::Iommu& iommu) {
    using Model = model::Iommu::Model;
    if (iommu.model == Model::smmuv3) not_supported("IOMMU device: 'smmuv3' is only supported with ARM Virt machines");
    if (is_q35(it.def)) return;
    if (iommu.model == Model::intel) not_supported("IOMMU device: 'intel' is only supported with Q35 machines");
    not_supported("IOMMU device: 'virtio' is only supported with Q35 and ARM Virt machines");
}

void validate(const Completion&, const model::Memballoon& balloon) {
    if (balloon.model == model::Memballoon::Model::xen)
        not_supported("Memory balloon device type 'xen' is not supported by this version of qemu");
}

namespace {

/// Whether all of the memory fits into what the guest has room for.
void validate_room(const model::DomainDef& def, const model::MemoryDevice& memory) {
    std::uint64_t sum = 0;
    if (def.cpu)
        for (const auto& cell : def.cpu->numa) sum += cell.memory_kib;
    for (const auto& other : def.devices.memories) sum += other.size;
    if (sum > *def.max_memory_kib)
        refused_by_model(ErrorCode::config_unsupported,
                         fmt::format("Attaching memory device with size '{}' would exceed domain's maxMemory config "
                                     "size '{}'",
                                     memory.size, *def.max_memory_kib));
    const std::size_t count = def.devices.memories.size();
    if (count > def.memory_slots.value_or(0))
        not_supported(
            fmt::format("memory device count '{}' exceeds slots count '{}'", count, def.memory_slots.value_or(0)));
}

bool is_virtio(const model::MemoryDevice& memory) {
    return memory.model == model::MemoryDevice::Model::virtio_mem ||
           memory.model == model::MemoryDevice::Model::virtio_pmem;
}

/// Modules have slots and places in the guest's memory of their own; those of virtio are cards.
void validate_slot(const model::DomainDef& def, const model::MemoryDevice& memory) {
    if (is_virtio(memory)) {
        if (memory.info.has_address() && !memory.info.at<model::PciAddress>() && !memory.info.at<model::CcwAddress>() &&
            !memory.info.at<model::VirtioMmioAddress>())
            not_supported(fmt::format("only 'pci' addresses are supported for the {} device", xml::name(memory.model)));
        return;
    }
    const auto* at = memory.info.at<model::DimmAddress>();
    if (at == nullptr) return;
    if (at->slot >= def.memory_slots.value_or(0))
        not_supported(
            fmt::format("memory device slot '{}' exceeds slots count '{}'", at->slot, def.memory_slots.value_or(0)));
    for (const model::MemoryDevice& other : def.devices.memories) {
        const auto* there = other.info.at<model::DimmAddress>();
        if (&other == &memory || there == nullptr) continue;
        if (there->slot == at->slot)
            not_supported(
                fmt::format("memory device slot '{}' is already being used by another memory device", at->slot));
        if (at->base.value_or(0) != 0 && there->base == at->base)
            not_supported(
                fmt::format("memory device base '0x{:x}' is already being used by another memory device", *at->base));
    }
}

}  // namespace

void validate(const Completion& it, const model::MemoryDevice& memory) {
    const std::size_t nodes = it.def.cpu ? it.def.cpu->numa.size() : 0;
    if (memory.node && nodes == 0)
        refused_by_model(ErrorCode::xml_detail, "can't add memory backend as guest has no NUMA nodes configured");
    if (memory.node && *memory.node >= nodes)
        refused_by_model(ErrorCode::xml_detail,
                         fmt::format("can't add memory backend for guest node '{}' as the guest has only '{}' NUMA "
                                     "nodes configured",
                                     *memory.node, nodes));
    if (!it.def.max_memory_kib && memory.model != model::MemoryDevice::Model::sgx_epc)
        refused_by_model(ErrorCode::config_unsupported,
                         "cannot use/hotplug a memory device when domain 'maxMemory' is not defined");
    using Model = model::MemoryDevice::Model;
    if (memory.model == Model::sgx_epc) not_supported("sgx epc isn't supported by this QEMU binary");
    if (it.def.max_memory_kib) validate_room(it.def, memory);
    if (nodes != 0 && !memory.node && memory.model != Model::virtio_pmem)
        not_supported("target NUMA node needs to be specified for memory device");
    validate_slot(it.def, memory);
}

void validate(const Completion& it, const model::NvramDevice&) {
    if (it.def.os.arch != model::Architecture::ppc64 && it.def.os.arch != model::Architecture::ppc64le)
        not_supported("nvram device is only supported for PPC64");
}

void validate(const Completion& it, const model::Shmem& shmem) {
    if (shmem.model == model::Shmem::Model::ivshmem && !it.capabilities.has_type("ivshmem"))
        not_supported("ivshmem device is not supported with this QEMU binary");
    if (shmem.model == model::Shmem::Model::ivshmem_plain && shmem.has_server)
        not_supported("shmem model 'ivshmem-plain' is supported only with server option disabled");
    if (shmem.has_msi && !shmem.has_server)
        refused_by_model(ErrorCode::xml_error, "msi option is only supported with a server");
}

void validate(const Completion& it, const model::Tpm& tpm) {
    if (tpm.backend == model::Tpm::Backend::emulator && !it.host.has_swtpm)
        not_supported(fmt::format("TPM version '{}' is not supported",
                                  xml::name(tpm.version.value_or(model::Tpm::Version::v2_0))));
}

void validate(const Completion&, const model::Video& video) {
    using Type = model::Video::Type;
    switch (video.type) {
        case Type::xen:
        case Type::vbox:
        case Type::parallels:
        case Type::gop:
            not_supported(fmt::format("domain configuration does not support video model '{}'", xml::name(video.type)));
        case Type::vga:
        case Type::cirrus:
        case Type::vmvga:
        case Type::bochs:
        case Type::ramfb:
            if (!video.primary)
                not_supported(
                    fmt::format("video type '{}' is only valid as primary video device", xml::name(video.type)));
            break;
        default:
            break;
    }
    if (video.type == Type::ramfb && video.info.has_address())
        refused_by_model(ErrorCode::config_unsupported, "address not supported for video type ramfb");
}

void validate(const Completion&, const model::Watchdog& watchdog) {
    if (watchdog.model == model::Watchdog::Model::diag288)
        not_supported("diag288 model of watchdog is allowed for s390 and s390x only");
}

namespace {

/// A guest either has USB or says that it has none.
void validate_usb(const model::DomainDef& def) {
    using Model = model::Controller::Model;
    const auto is_usb = [](const model::Controller& c) { return c.type == model::Controller::Type::usb; };
    const auto& controllers = def.devices.controllers;
    const auto is_none = [&](const model::Controller& c) { return is_usb(c) && c.model == Model::none; };
    if (std::ranges::none_of(controllers, is_none)) return;
    if (std::ranges::any_of(controllers, [&](const auto& c) { return is_usb(c) && !is_none(c); }))
        refused_by_model(ErrorCode::xml_detail, "Can't add another USB controller: USB is disabled for this domain");
    for (const model::Input& input : def.devices.inputs)
        if (input.bus == model::Input::Bus::usb) not_supported("Can't add USB input device. USB bus is disabled");
}

void require_usb_masters(const model::DomainDef& def) {
    for (const model::Controller& c : def.devices.controllers)
        if (is_companion(c) && std::ranges::none_of(def.devices.controllers, [&](const model::Controller& other) {
                return other.type == c.type && other.index == c.index && !is_companion(other);
            }))
            refused_by_model(ErrorCode::xml_detail, "No master USB controller specified");
}

}  // namespace

void validate_devices(const Completion& it) {
    const auto& d = it.def.devices;
    model::for_each_device(d, [&](const auto& device) { validate_device(it, device); });
    refuse_doubled_scsi_hosts(it);
    validate_usb(it.def);
    require_usb_masters(it.def);
    if (d.watchdogs.size() > 1) throw Error(ErrorCode::internal_error, "only a single watchdog device is supported");
    if (d.iommu && d.iommu->model == model::Iommu::Model::virtio && !d.iommu->info.at<model::PciAddress>())
        not_supported("IOMMU device: 'virtio' needs a PCI address");
    using Security = model::LaunchSecurity;
    if (const auto& security = it.def.launch_security) {
        if (security->type == Security::Type::sev && !it.host.has_sev)
            not_supported("SEV launch security is not supported with this QEMU binary");
        if (security->type == Security::Type::s390_pv)
            not_supported("S390 PV launch security is not supported with this QEMU binary");
    }
}

void refuse_duplicate_controllers(const Completion& it) {
    using Type = model::Controller::Type;
    const auto& all = it.def.devices.controllers;
    for (auto one = all.begin(); one != all.end(); ++one)
        for (auto other = all.begin(); other != one; ++other)
            if (one->type == other->type && one->index == other->index &&
                !(one->type == Type::usb && (is_companion(*one) || is_companion(*other))))
                refused_by_model(ErrorCode::xml_error, fmt::format("Multiple '{}' controllers with index '{}'",
                                                                   xml::name(one->type), *one->index));
}

}  // namespace innkeeper::qemu
