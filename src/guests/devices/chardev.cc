#include <fmt/format.h>

#include <algorithm>

#include "guests/devices/kinds.h"

/// Serial lines, parallel ports, consoles and channels are known by both their ends.
namespace innkeeper::guests {

namespace {

/// As many as a PC has ever had.
constexpr unsigned isa_ports = 4;

bool is_same(const model::Serial& one, const model::Serial& other) {
    return one.source == other.source && one.port == other.port && (!one.target || one.target == other.target);
}
bool is_same(const model::Parallel& one, const model::Parallel& other) {
    return one.source == other.source && one.port == other.port;
}
bool is_same(const model::Console& one, const model::Console& other) {
    return one.source == other.source && one.target == other.target && one.port == other.port;
}
bool is_same(const model::Channel& one, const model::Channel& other) {
    return one.source == other.source && one.target == other.target && one.name == other.name &&
           one.address == other.address && one.port == other.port;
}

bool is_serial(const model::Console& console) {
    return !console.target || console.target == model::Console::Target::serial;
}

template <class T>
void refuse_equal(const std::vector<T>& list, const T& device) {
    for (const auto& other : list)
        if (is_same(device, other)) throw Error(ErrorCode::operation_invalid, "chardev already exists");
}

template <class T>
std::size_t find_equal(const std::vector<T>& list, const T& device) {
    return find_by(
        list, [&](const T& other) { return is_same(device, other); }, ErrorCode::invalid_arg,
        "device not present in domain configuration");
}

}  // namespace

void refuse_twin(const Devices& devices, const model::Serial& serial) {
    refuse_equal(devices.serials, serial);
    if (!serial.port) return;
    if (std::ranges::find(devices.serials, serial.port, &model::Serial::port) != devices.serials.end())
        throw Error(ErrorCode::internal_error, ErrorDomain::domain,
                    fmt::format("target port '{}' already allocated", *serial.port));
    if (serial.target.value_or(model::Serial::Target::isa_serial) == model::Serial::Target::isa_serial &&
        *serial.port >= isa_ports)
        throw Error(ErrorCode::internal_error, ErrorDomain::domain,
                    fmt::format("Maximum supported number of ISA serial ports is '{}'", isa_ports));
}
void refuse_twin(const Devices& devices, const model::Parallel& parallel) { refuse_equal(devices.parallels, parallel); }
void refuse_twin(const Devices& devices, const model::Channel& channel) { refuse_equal(devices.channels, channel); }

/// A console that is a serial line comes and goes with that line.
void refuse_twin(const Devices& devices, const model::Console& console) {
    if (is_serial(console)) throw Error(ErrorCode::operation_unsupported, "attaching serial console is not supported");
    refuse_equal(devices.consoles, console);
}

std::size_t find(const Devices& devices, const model::Serial& serial) { return find_equal(devices.serials, serial); }
std::size_t find(const Devices& devices, const model::Parallel& parallel) {
    return find_equal(devices.parallels, parallel);
}
std::size_t find(const Devices& devices, const model::Channel& channel) {
    return find_equal(devices.channels, channel);
}
std::size_t find(const Devices& devices, const model::Console& console) {
    if (is_serial(console)) throw Error(ErrorCode::operation_invalid, "detaching serial console is not supported");
    return find_equal(devices.consoles, console);
}

void taken(Devices& devices, std::size_t index, const model::Serial&) {
    auto& consoles = devices.consoles;
    if (index == 0 && !consoles.empty() && is_serial(consoles.front())) consoles.erase(consoles.begin());
}

}  // namespace innkeeper::guests
