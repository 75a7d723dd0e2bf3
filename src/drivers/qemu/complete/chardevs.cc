#include <algorithm>
#include <string_view>

#include "base/error.h"
#include "drivers/qemu/complete/steps.h"

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

/// Those that came without a number get the one behind the highest.
template <class Device>
void number_ports(std::vector<Device>& devices) {
    for (Device& device : devices) {
        if (device.port) continue;
        unsigned next = 0;
        for (const Device& other : devices)
            if (other.port) next = std::max(next, *other.port + 1);
        device.port = next;
    }
}

/// Whether a first serial line of this kind is also the guest's console.
bool is_console(const Serial& serial) {
    return !serial.target || *serial.target == Serial::Target::isa_serial ||
           *serial.target == Serial::Target::spapr_vio_serial || *serial.target == Serial::Target::system_serial ||
           *serial.target == Serial::Target::sclp_serial;
}

Console console_of(const Serial& serial) {
    Console console;
    console.source = serial.source;
    console.target = Console::Target::serial;
    console.port = serial.port.value_or(0);
    return console;
}

}  // namespace

void pair_console_with_serial(Completion& it) {
    auto& serials = it.def.devices.serials;
    number_ports(serials);
    auto& consoles = it.def.devices.consoles;
    for (Console& console : consoles)
        if (!console.target) console.target = Console::Target::serial;
    if (!it.def.os.is_hvm()) return;

    if (!consoles.empty() && consoles.front().target == Console::Target::serial) {
        for (std::size_t i = 1; i < consoles.size(); ++i)
            if (consoles[i].target == Console::Target::serial)
                throw Error(ErrorCode::internal_error, ErrorDomain::domain,
                            "Only the first console can be a serial port");
        if (serials.empty()) {
            Serial serial;
            serial.source = consoles.front().source;
            serial.info = consoles.front().info;
            serial.port = 0;
            serials.push_back(std::move(serial));
        }
        const model::DeviceInfo info = consoles.front().info;
        consoles.front() = console_of(serials.front());
        consoles.front().info = info;
    } else if (consoles.empty() && !serials.empty() && is_console(serials.front())) {
        consoles.push_back(console_of(serials.front()));
    }
}

void settle_chardevs(Completion& it) {
    auto& devices = it.def.devices;
    number_ports(devices.parallels);
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
