#include "drivers/interface/read_interface.h"

#include <fmt/format.h>

#include <charconv>

#include "base/error.h"
#include "host/kernel_files.h"
#include "host/link.h"
#include "host/udev.h"

namespace innkeeper::host_interface {

using namespace model::host_interface;
using model::LinkState;

namespace {

const host::KernelFiles kernel;

std::string folder_of(const std::string& name) { return "/sys/class/net/" + name; }
std::string word(const std::string& name, std::string_view file) {
    return kernel.text(fmt::format("{}/{}", folder_of(name), file));
}

unsigned number(const std::string& name, std::string_view file, std::string_view what) {
    const auto text = word(name, file);
    unsigned value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || text.empty())
        throw Error(ErrorCode::internal_error, fmt::format("Could not parse {} '{}' for '{}'", what, text, name));
    return value;
}

LinkState link_of(const std::string& name) {
    const auto link = host::read_link(name);
    const auto state = link ? xml::value_of<LinkState::State>(link->state) : std::nullopt;
    if (!state) throw Error(ErrorCode::internal_error, fmt::format("Unable to read the link of '{}'", name));
    return {link->speed, state};
}

Type type_of(const std::string& name) {
    const auto device = host::Udev().device("net", name);
    const auto type = device ? device->type() : "";
    if (type == "bridge") return Type::bridge;
    if (type == "bond") return Type::bond;
    // Older kernels do not say what is one; its name does.
    return type == "vlan" || (type.empty() && name.contains('.')) ? Type::vlan : Type::ethernet;
}

/// "active-backup 1": the word before the number, if it is one of the kind's.
template <class Word>
std::optional<Word> first_word(const std::string& text) {
    return xml::value_of<Word>(text.substr(0, text.find(' ')));
}

Bond read_bond(const std::string& name) {
    const auto milliseconds = [&](std::string_view file) {
        return number(name, fmt::format("bonding/{}", file), file);
    };
    Bond bond{.mode = first_word<Bond::Mode>(word(name, "bonding/mode"))};
    MiiMonitor mii{.frequency = milliseconds("miimon"),
                   .down_delay = milliseconds("downdelay"),
                   .up_delay = milliseconds("updelay"),
                   .carrier = static_cast<MiiMonitor::Carrier>(milliseconds("use_carrier") != 0)};
    const auto interval = milliseconds("arp_interval");
    if (interval > 0)
        bond.arp = ArpMonitor{.interval = interval,
                              .target = word(name, "bonding/arp_ip_target"),
                              .validate = first_word<ArpMonitor::Validate>(word(name, "bonding/arp_validate"))};
    else if (mii.frequency > 0)
        bond.mii = mii;
    constexpr std::string_view slave = "slave_";
    for (const auto& file : kernel.names(folder_of(name))) {
        if (!file.starts_with(slave)) continue;
        const auto card = file.substr(slave.size());
        bond.cards.push_back({Type::ethernet, card, word(card, "address"), link_of(card)});
    }
    return bond;
}

Vlan read_vlan(const std::string& name) {
    const auto text = kernel.text("/proc/net/vlan/" + name);
    if (text.empty()) throw Error::system(ENOENT, fmt::format("Failed to open file '/proc/net/vlan/{}'", name));
    const auto field = [&text](std::string_view label, std::string_view ends) {
        const auto at = text.find(label);
        const auto start = at == text.npos ? at : text.find_first_not_of(" \t", at + label.size());
        return start == text.npos ? "" : text.substr(start, text.find_first_of(ends, start) - start);
    };
    return {.tag = field("VID:", " \t\n"), .device = field("Device:", " \t\n")};
}

Port read_port(const std::string& name) {
    Port port{.type = type_of(name), .name = name, .link = link_of(name)};
    if (port.type == Type::ethernet) port.mac = word(name, "address");
    if (port.type == Type::bond) port.bond = read_bond(name);
    if (port.type == Type::vlan) port.vlan = read_vlan(name);
    return port;
}

Bridge read_bridge(const std::string& name) {
    Bridge bridge{.spanning_tree = number(name, "bridge/stp_state", "STP state") != 0 ? "on" : "off",
                  .delay = word(name, "bridge/forward_delay")};
    for (const auto& port : kernel.names(folder_of(name) + "/brif")) bridge.ports.push_back(read_port(port));
    return bridge;
}

}  // namespace

std::optional<Seen> find_interface(const std::string& name) {
    if (name.empty() || name.contains('/') || name == "." || name == ".." ||
        !kernel.exists(folder_of(name) + "/uevent"))
        return std::nullopt;
    return Seen{name, word(name, "address"), word(name, "operstate")};
}

std::vector<Seen> list_interfaces() {
    std::vector<Seen> all;
    for (const auto& name : kernel.names("/sys/class/net")) {
        const auto folder = folder_of(name);
        if (kernel.exists(folder + "/brport/state") || kernel.exists(folder + "/tun_flags")) continue;
        if (auto seen = find_interface(name)) all.push_back(std::move(*seen));
    }
    return all;
}

Interface read_interface(const std::string& name) {
    Interface interface { .type = type_of(name), .name = name, .mtu = number(name, "mtu", "MTU value") };
    if (interface.type != Type::bridge) interface.link = link_of(name);
    switch (interface.type) {
        case Type::ethernet:
            interface.mac = word(name, "address");
            break;
        case Type::bridge:
            interface.bridge = read_bridge(name);
            break;
        case Type::bond:
            interface.bond = read_bond(name);
            break;
        case Type::vlan:
            interface.vlan = read_vlan(name);
            break;
    }
    return interface;
}

}  // namespace innkeeper::host_interface
