#include <algorithm>
#include <utility>
#include <vector>

#include "base/error.h"
#include "model/complete/implied.h"

namespace innkeeper::model {

namespace {

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
    using Target = Serial::Target;
    return !serial.target || serial.target == Target::isa_serial || serial.target == Target::spapr_vio_serial ||
           serial.target == Target::system_serial || serial.target == Target::sclp_serial;
}

Console console_of(const Serial& serial) {
    Console console;
    console.source = serial.source;
    console.target = Console::Target::serial;
    console.port = serial.port.value_or(0);
    return console;
}

}  // namespace

void pair_console_with_serial(DomainDef& def) {
    auto& serials = def.devices.serials;
    auto& consoles = def.devices.consoles;
    number_ports(serials);
    for (Console& console : consoles)
        if (!console.target) console.target = Console::Target::serial;
    if (!def.os.is_hvm()) return;

    for (std::size_t i = 1; i < consoles.size(); ++i)
        if (consoles[i].target == Console::Target::serial)
            throw Error(ErrorCode::config_unsupported, ErrorDomain::domain,
                        "Only the first console can be a serial port");
    if (!consoles.empty() && consoles.front().target == Console::Target::serial) {
        const DeviceInfo info = consoles.front().info;
        if (serials.empty()) {
            Serial serial;
            serial.source = consoles.front().source;
            serial.info = info;
            serial.port = 0;
            serials.push_back(std::move(serial));
        }
        consoles.front() = console_of(serials.front());
        consoles.front().info = info;
    } else if (consoles.empty() && !serials.empty() && is_console(serials.front())) {
        consoles.push_back(console_of(serials.front()));
    }
}

void number_parallels(DomainDef& def) { number_ports(def.devices.parallels); }

void number_chardevs(DomainDef& def) {
    number_parallels(def);
    unsigned position = 0;
    for (Console& console : def.devices.consoles) {
        if (console.target != Console::Target::serial || !console.port) console.port = position;
        ++position;
    }
}

}  // namespace innkeeper::model
