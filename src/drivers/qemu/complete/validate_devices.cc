#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "drivers/qemu/complete/fragments.h"
#include "drivers/qemu/complete/steps.h"

namespace innkeeper::qemu {

using model::Controller;
using model::DomainDef;
using Type = Controller::Type;
using Model = Controller::Model;

namespace {

[[noreturn]] void unsupported(std::string sentence) { throw Error(ErrorCode::config_unsupported, std::move(sentence)); }

[[noreturn]] void refused_by_model(ErrorCode code, std::string sentence) {
    throw Error(code, ErrorDomain::domain, std::move(sentence));
}

bool is_companion(const Controller& c) {
    return c.model == Model::ich9_uhci1 || c.model == Model::ich9_uhci2 || c.model == Model::ich9_uhci3;
}

void validate_spice(const model::Graphics& spice, const HostFacts& host) {
    if (host.spice_tls) return;
    if (spice.tls_port.value_or(0) > 0)
        unsupported("spice TLS port set in XML configuration, but TLS is disabled in qemu.conf");
    // With ports of the daemon's choice a secure channel only means that there will be one where TLS can be had.
    if (spice.autoport == true) return;
    if (spice.default_mode == model::Graphics::SpiceMode::secure)
        unsupported("spice defaultMode secure requested in XML configuration, but TLS is disabled in qemu.conf");
    for (const auto& channel : spice.channels)
        if (channel.mode == model::Graphics::SpiceMode::secure)
            unsupported("spice secure channels set in XML configuration, but TLS is disabled in qemu.conf");
}

void validate_usb(const DomainDef& def) {
    const auto& controllers = def.devices.controllers;
    const auto is_none = [](const Controller& c) { return c.type == Type::usb && c.model == Model::none; };
    const bool none = std::ranges::any_of(controllers, is_none);
    for (const Controller& c : controllers) {
        if (c.type != Type::usb || !c.model) continue;
        if (none && !is_none(c))
            refused_by_model(ErrorCode::xml_detail,
                             "Can't add another USB controller: USB is disabled for this domain");
        if (*c.model == Model::qusb1 || *c.model == Model::qusb2)
            unsupported("USB controller model type 'qusb1' or 'qusb2' is not supported in qemu");
        if ((*c.model == Model::qemu_xhci || *c.model == Model::nec_xhci) && c.ports.value_or(0) > 15)
            unsupported(fmt::format("'{}' controller only supports up to '15' ports", xml::name(*c.model)));
        if (is_companion(c) && std::ranges::none_of(controllers, [&](const Controller& other) {
                return other.type == Type::usb && other.index == c.index && !is_companion(other);
            }))
            refused_by_model(ErrorCode::xml_detail, "No master USB controller specified");
    }
    if (none)
        for (const model::Input& input : def.devices.inputs)
            if (input.bus == model::Input::Bus::usb) unsupported("Can't add USB input device. USB bus is disabled");
}

void validate_pci(const DomainDef& def) {
    const std::size_t nodes = def.cpu ? def.cpu->numa.size() : 0;
    for (const Controller& c : def.devices.controllers) {
        if (c.type != Type::pci || !c.model) continue;
        if (*c.model == Model::pci_expander_bus && !is_i440fx(def))
            unsupported("pci-expander-bus controllers are only supported on 440fx-based machinetypes");
        if (*c.model == Model::pcie_expander_bus && !is_q35(def))
            unsupported("pcie-expander-bus controllers are not supported with this machine type");
        if (c.target.numa_node && *c.target.numa_node >= nodes)
            throw Error(ErrorCode::xml_error,
                        fmt::format("{} with index {} is configured for a NUMA node ({}) not present in the domain's "
                                    "<cpu><numa> array ({})",
                                    xml::name(*c.model), *c.index, *c.target.numa_node, nodes));
    }
}

void validate_others(const Completion& it) {
    const auto& d = it.def.devices;
    for (const model::Shmem& shmem : d.shmems) {
        if (shmem.model == model::Shmem::Model::ivshmem && !it.capabilities.has_type("ivshmem"))
            unsupported("ivshmem device is not supported with this QEMU binary");
        if (shmem.has_msi && !shmem.has_server)
            refused_by_model(ErrorCode::xml_error, "msi option is only supported with a server");
    }
    for (const model::Tpm& tpm : d.tpms)
        if (tpm.backend == model::Tpm::Backend::emulator && !it.host.has_swtpm)
            unsupported(fmt::format("TPM version '{}' is not supported",
                                    xml::name(tpm.version.value_or(model::Tpm::Version::v2_0))));
    for (const xml::Fragment& security : it.def.launch_security)
        if (attribute_of(security, "type") == "sev" && !it.host.has_sev)
            unsupported("SEV launch security is not supported with this QEMU binary");
}

void validate_iommu(const Completion& it) {
    const auto& iommu = it.def.devices.iommu;
    if (!iommu || iommu->model != model::Iommu::Model::virtio) return;
    if (!is_q35(it.def)) unsupported("IOMMU device: 'virtio' is only supported with Q35 and ARM Virt machines");
    if (!iommu->info.at<model::PciAddress>()) unsupported("IOMMU device: 'virtio' needs a PCI address");
}

}  // namespace

void validate_devices(const Completion& it) {
    const auto& d = it.def.devices;
    for (const model::Graphics& graphics : d.graphics)
        if (graphics.type == model::Graphics::Type::spice) validate_spice(graphics, it.host);
    for (const model::Serial& serial : d.serials)
        if (serial.target == model::Serial::Target::spapr_vio_serial ||
            serial.target == model::Serial::Target::sclp_serial ||
            serial.target == model::Serial::Target::system_serial)
            unsupported(
                fmt::format("Serial device with target type '{}' and target model '{}' not compatible with "
                            "guest architecture or machine type",
                            xml::name(*serial.target), serial.model ? xml::name(*serial.model) : ""));
    for (const model::Input& input : d.inputs) {
        // Only what QEMU has three devices for can be told apart.
        const bool transitional = input.model == model::Input::Model::virtio_transitional ||
                                  input.model == model::Input::Model::virtio_non_transitional;
        if (input.bus == model::Input::Bus::virtio && transitional && input.type != model::Input::Type::passthrough)
            unsupported(fmt::format("virtio (non-)transitional models are not supported for input type={}",
                                    xml::name(input.type)));
    }
    validate_pci(it.def);
    validate_iommu(it);
    validate_others(it);
}

void validate_addresses(const Completion& it) {
    for (const Controller& controller : it.def.devices.controllers)
        if (controller.type == Type::pci && controller.info.has_address() &&
            (controller.model == Model::pci_root || controller.model == Model::pcie_root))
            refused_by_model(ErrorCode::config_unsupported,
                             "pci-root and pcie-root controllers should not have an address");
    for (const model::Video& video : it.def.devices.videos)
        if (video.type == model::Video::Type::ramfb && video.info.has_address())
            refused_by_model(ErrorCode::config_unsupported, "address not supported for video type ramfb");
    validate_usb(it.def);
}

void refuse_duplicate_controllers(const Completion& it) {
    const auto& all = it.def.devices.controllers;
    for (auto one = all.begin(); one != all.end(); ++one)
        for (auto other = all.begin(); other != one; ++other)
            if (one->type == other->type && one->index == other->index &&
                !(one->type == Type::usb && (is_companion(*one) || is_companion(*other))))
                refused_by_model(ErrorCode::xml_error, fmt::format("Multiple '{}' controllers with index '{}'",
                                                                   xml::name(one->type), *one->index));
}

}  // namespace innkeeper::qemu
