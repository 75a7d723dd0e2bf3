#include "drivers/qemu/migratable.h"

#include <algorithm>

#include "drivers/qemu/command/command.h"
#include "drivers/qemu/complete/complete.h"
#include "drivers/qemu/complete/steps.h"
#include "model/complete/implied.h"

namespace innkeeper::qemu {

namespace {

using model::Controller;
using Type = Controller::Type;
using Model = Controller::Model;

/// Names that users choose for devices start so; a device with one is the user's.
bool is_named_by_user(const model::DeviceInfo& info) { return info.alias.starts_with("ua-"); }

/// Removes the controller of that type and model if it is the only one of its type.
void remove_implied(std::vector<Controller>& controllers, Type type, Model model) {
    const auto of_type = [&](const Controller& controller) { return controller.type == type; };
    if (std::ranges::count_if(controllers, of_type) != 1) return;
    std::erase_if(controllers, [&](const Controller& controller) {
        return of_type(controller) && controller.model == model && controller.index.value_or(0) == 0 &&
               !controller.pcihole64_kib && !is_named_by_user(controller.info);
    });
}

}  // namespace

model::DomainDef migratable(model::DomainDef def) {
    def.restore_cpu();
    auto& devices = def.devices;
    if (is_i440fx(def)) remove_implied(devices.controllers, Type::usb, Model::piix3_uhci);
    remove_implied(devices.controllers, Type::pci, Model::pci_root);
    std::erase_if(devices.inputs, [](const model::Input& input) {
        return input.type == model::Input::Type::keyboard && input.bus == model::Input::Bus::ps2 &&
               !is_named_by_user(input.info);
    });
    if (devices.audios == implied_audios(devices)) devices.audios.clear();
    for (auto& disk : devices.disks)
        if (disk.source.is_empty() && disk.source.format.empty()) disk.source.format = "raw";
    for (auto& channel : devices.channels)
        if (channel.source.type == model::ChardevSource::Type::unix_ && has_generated_path(channel))
            channel.source.path.clear();
    std::erase_if(def.security_labels, [](const model::SecurityLabel& label) {
        return label.type == model::SecurityLabel::Type::dynamic && label.base_label.empty();
    });
    model::number_controllers(def);
    return def;
}

}  // namespace innkeeper::qemu
