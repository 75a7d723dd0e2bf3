#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "drivers/qemu/complete/validate.h"

namespace innkeeper::qemu {

using model::Controller;
using Type = Controller::Type;
using Model = Controller::Model;

namespace {

/// What a PCI controller must be told, each with the option's name. Completion fills it in for a whole definition; who
/// brings a controller alone says it himself.
struct PciOption {
    std::string_view name;
    bool is_needed, is_there;
};

std::string pci_place(const Controller& c) {
    return fmt::format("PCI controller with index '{}', model '{}' and modelName '{}'",
                       c.index ? static_cast<long>(*c.index) : -1L, xml::name(*c.model),
                       c.pci_model_name.empty() ? "none" : c.pci_model_name);
}

std::vector<std::string_view> pci_names(Model model) {
    switch (model) {
        case Model::pci_bridge:
            return {"pci-bridge"};
        case Model::dmi_to_pci_bridge:
            return {"i82801b11-bridge"};
        case Model::pcie_to_pci_bridge:
            return {"pcie-pci-bridge"};
        case Model::pcie_root_port:
            return {"ioh3420", "pcie-root-port"};
        case Model::pcie_switch_upstream_port:
            return {"x3130-upstream"};
        case Model::pcie_switch_downstream_port:
            return {"xio3130-downstream"};
        case Model::pci_expander_bus:
            return {"pxb"};
        case Model::pcie_expander_bus:
            return {"pxb-pcie"};
        default:
            return {};
    }
}

void validate_pci_options(const Controller& c) {
    const auto names = pci_names(*c.model);
    if (!names.empty() && c.pci_model_name.empty())
        throw Error(ErrorCode::internal_error,
                    fmt::format("Required option 'modelName' is not set for {}", pci_place(c)));
    if (!c.pci_model_name.empty() && std::ranges::find(names, c.pci_model_name) == names.end())
        not_supported(fmt::format("Option 'modelName' has invalid value for {}", pci_place(c)));
    const bool is_port = *c.model == Model::pcie_root_port || *c.model == Model::pcie_switch_downstream_port;
    const bool is_expander = *c.model == Model::pci_expander_bus || *c.model == Model::pcie_expander_bus;
    for (const auto& option : {PciOption{"chassisNr", *c.model == Model::pci_bridge, c.target.chassis_nr.has_value()},
                               PciOption{"chassis", is_port, c.target.chassis.has_value()},
                               PciOption{"port", is_port, c.target.port.has_value()},
                               PciOption{"busNr", is_expander, c.target.bus_nr.has_value()}}) {
        if (option.is_needed && !option.is_there)
            throw Error(ErrorCode::internal_error,
                        fmt::format("Required option '{}' is not set for {}", option.name, pci_place(c)));
        if (!option.is_needed && option.is_there)
            not_supported(fmt::format("Option '{}' is not valid for {}", option.name, pci_place(c)));
    }
}

void validate_pci(const Completion& it, const Controller& c) {
    if (!c.model) throw Error(ErrorCode::internal_error, "PCI controller model was not set correctly");
    const bool is_root = *c.model == Model::pci_root || *c.model == Model::pcie_root;
    if (is_root && c.index != 0u)
        throw Error(ErrorCode::xml_error, "pci-root and pcie-root controllers should have index 0");
    if (is_root && c.info.has_address())
        refused_by_model(ErrorCode::config_unsupported,
                         "pci-root and pcie-root controllers should not have an address");
    if (*c.model == Model::pci_expander_bus && !is_i440fx(it.def))
        not_supported("pci-expander-bus controllers are only supported on 440fx-based machinetypes");
    if (*c.model == Model::pcie_expander_bus && !is_q35(it.def))
        not_supported("pcie-expander-bus controllers are not supported with this machine type");
    if (c.pcihole64_kib && is_root && (*c.model == Model::pci_root) != is_i440fx(it.def))
        not_supported(
            fmt::format("Setting the 64-bit PCI hole size is not supported for machine '{}'", it.def.os.machine));
    validate_pci_options(c);
    const std::size_t nodes = it.def.cpu ? it.def.cpu->numa.size() : 0;
    if (c.target.numa_node && *c.target.numa_node >= nodes)
        throw Error(ErrorCode::xml_error,
                    fmt::format("{} with index {} is configured for a NUMA node ({}) not present in the domain's "
                                "<cpu><numa> array ({})",
                                xml::name(*c.model), c.index.value_or(0), *c.target.numa_node, nodes));
}

void validate_usb(const Controller& c) {
    if (c.model == Model::qusb1 || c.model == Model::qusb2)
        not_supported("USB controller model type 'qusb1' or 'qusb2' is not supported in qemu");
    if ((c.model == Model::qemu_xhci || c.model == Model::nec_xhci) && c.ports.value_or(0) > 15)
        not_supported(fmt::format("'{}' controller only supports up to '15' ports", xml::name(*c.model)));
}

void validate_scsi(const Completion& it, const Controller& c) {
    if (c.model == Model::buslogic) not_supported("Unsupported controller model: buslogic");
    if (c.iothread &&
        std::ranges::find(it.def.iothread_ids, *c.iothread, &model::IoThread::id) == it.def.iothread_ids.end())
        not_supported(fmt::format("controller iothread '{}' not defined in iothreadid", *c.iothread));
}

void validate_ide(const Completion& it, const Controller& c) {
    if (is_q35(it.def)) not_supported("IDE controllers are unsupported for this QEMU binary or machine type");
    if (is_i440fx(it.def) && c.index != 0u)
        not_supported("Only a single IDE controller is supported for this machine type");
}

}  // namespace

void validate(const Completion& it, const Controller& c) {
    switch (c.type) {
        case Type::pci:
            return validate_pci(it, c);
        case Type::usb:
            return validate_usb(c);
        case Type::scsi:
            return validate_scsi(it, c);
        case Type::ide:
            return validate_ide(it, c);
        default:
            return;
    }
}

}  // namespace innkeeper::qemu
