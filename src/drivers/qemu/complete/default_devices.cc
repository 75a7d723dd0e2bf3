#include "base/error.h"
#include "drivers/qemu/complete/steps.h"

namespace innkeeper::qemu {

using model::Controller;
using model::DomainDef;
using Type = Controller::Type;
using Model = Controller::Model;

namespace {

/// A root of the wrong kind would leave the machine's own bus without a description.
void add_root(DomainDef& def, Model model, std::string_view sentence) {
    maybe_add_controller(def, Type::pci, 0, model);
    if (find_controller(def, Type::pci, 0)->model != model)
        throw Error(ErrorCode::internal_error, std::string(sentence));
}

}  // namespace

void add_default_devices(Completion& it) {
    DomainDef& def = it.def;
    if (!def.os.is_hvm() || !model::is_x86(*def.os.arch)) return;

    // Without a board that has PCI there is no place for the USB controller either; `isapc` is such a one.
    const bool q35 = is_q35(def);
    if (def.os.machine != "isapc" && !has_controller(def, Type::usb)) {
        std::optional<Model> usb;
        if (q35) {
            if (it.capabilities.has_type("qemu-xhci"))
                usb = Model::qemu_xhci;
            else if (it.capabilities.has_type("nec-usb-xhci"))
                usb = Model::nec_xhci;
            else
                usb = Model::ich9_ehci1;
        }
        maybe_add_controller(def, Type::usb, 0, usb);
    }
    if (q35) maybe_add_controller(def, Type::sata, 0);
    if (is_i440fx(def))
        add_root(def, Model::pci_root,
                 "The PCI controller with index=0 must be model='pci-root' for this machine type, but found "
                 "model='pcie-root' instead");
    if (q35)
        add_root(def, Model::pcie_root,
                 "The PCI controller with index=0 must be model='pcie-root' for this machine type, but found "
                 "model='pci-root' instead");
    if (!def.devices.memballoon) def.devices.memballoon.emplace();
}

}  // namespace innkeeper::qemu
