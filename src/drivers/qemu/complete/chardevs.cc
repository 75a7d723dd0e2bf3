#include <algorithm>
#include <string_view>

#include "base/error.h"
#include "drivers/qemu/complete/steps.h"
#include "model/complete/implied.h"

namespace innkeeper::qemu {

using model::Channel;
using model::ChardevSource;
using model::Console;
using model::Serial;

namespace {

/// What the serial line of a machine is when nobody says.
Serial::Target usual_target(model::Architecture arch) {
    if (has_system_serial(arch)) return Serial::Target::system_serial;
    if (arch == model::Architecture::s390x) return Serial::Target::sclp_serial;
    if (arch == model::Architecture::ppc64 || arch == model::Architecture::ppc64le)
        return Serial::Target::spapr_vio_serial;
    return Serial::Target::isa_serial;
}

std::optional<Serial::Model> model_of(Serial::Target target, model::Architecture arch) {
    switch (target) {
        case Serial::Target::isa_serial:
            return Serial::Model::isa_serial;
        case Serial::Target::usb_serial:
            return Serial::Model::usb_serial;
        case Serial::Target::pci_serial:
            return Serial::Model::pci_serial;
        case Serial::Target::isa_debug:
            return Serial::Model::isa_debugcon;
        case Serial::Target::spapr_vio_serial:
            return Serial::Model::spapr_vty;
        case Serial::Target::system_serial:
            return is_riscv(arch) ? Serial::Model::model_16550a : Serial::Model::pl011;
        case Serial::Target::sclp_serial:
            return Serial::Model::sclpconsole;
    }
    return std::nullopt;
}

/// A socket that the daemon had chosen itself at some start is chosen anew at the next.
void drop_generated_path(const Completion& it, Channel& channel) {
    if (channel.target != Channel::Target::virtio || channel.source.type != ChardevSource::Type::unix_) return;
    const std::string_view path = channel.source.path;
    const std::string tail = "/" + channel.name;
    if (path.empty() || channel.name.empty()) return;
    bool generated = path.starts_with(it.host.channel_folder + "/") && path.ends_with("." + channel.name);
    if (path.ends_with(tail)) {
        const std::string_view folder = path.substr(0, path.size() - tail.size());
        generated = generated || folder.substr(folder.rfind('/') + 1).starts_with("domain-");
    }
    if (!generated) return;
    channel.source.path.clear();
    channel.source.mode.reset();
}

}  // namespace

void settle_chardevs(Completion& it) {
    auto& devices = it.def.devices;
    model::number_parallels(it.def);
    for (Serial& serial : devices.serials) {
        if (!serial.target) serial.target = usual_target(*it.def.os.arch);
        if (!serial.model) serial.model = model_of(*serial.target, *it.def.os.arch);
    }
    unsigned position = 0;
    for (Console& console : devices.consoles) {
        const bool keeps_port = it.purpose == Purpose::change && console.port;
        if (console.target != Console::Target::serial && !keeps_port) console.port = position;
        ++position;
    }
    for (Channel& channel : devices.channels) drop_generated_path(it, channel);
}

}  // namespace innkeeper::qemu
