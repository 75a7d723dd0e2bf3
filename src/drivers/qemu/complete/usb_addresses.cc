#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "base/error.h"
#include "drivers/qemu/complete/steps.h"

namespace innkeeper::qemu {
namespace {

using model::Controller;
using model::UsbAddress;

/// A bus or a hub: ports that are free, taken by a device, or lead to a further hub.
struct Ports {
    struct Port {
        bool taken = false;
        std::unique_ptr<Ports> hub;
    };
    explicit Ports(unsigned count) : ports(count) {}
    std::vector<Port> ports;
};

constexpr unsigned ports_of_a_hub = 8;
/// USB allows no deeper tree.
constexpr unsigned deepest = 4;

unsigned ports_of(const Controller& controller) {
    using Model = Controller::Model;
    if (!controller.model) return 0;
    switch (*controller.model) {
        case Model::piix3_uhci:
        case Model::piix4_uhci:
        case Model::vt82c686b_uhci:
        case Model::ich9_uhci1:
        case Model::ich9_uhci2:
        case Model::ich9_uhci3:
            return 2;
        case Model::ehci:
        case Model::ich9_ehci1:
            return 6;
        case Model::pci_ohci:
            return 3;
        case Model::nec_xhci:
        case Model::qemu_xhci:
            return controller.ports.value_or(4);
        case Model::qusb1:
        case Model::qusb2:
            return controller.ports.value_or(8);
        default:
            return 0;
    }
}

std::vector<unsigned> numbers(const std::string& port) {
    std::vector<unsigned> path;
    unsigned value = 0;
    bool digits = false;
    for (const char c : port + ".") {
        if (c == '.') {
            if (digits) path.push_back(value);
            value = 0;
            digits = false;
        } else if (c >= '0' && c <= '9' && value < 1000) {
            value = value * 10 + static_cast<unsigned>(c - '0');
            digits = true;
        }
    }
    return path;
}

class UsbMap {
  public:
    explicit UsbMap(const model::DomainDef& def) {
        for (const Controller& c : def.devices.controllers) {
            // A companion lends its ports to its master.
            if (c.type != Controller::Type::usb || c.info.master_startport) continue;
            if (const unsigned count = ports_of(c)) buses_.try_emplace(*c.index, count);
        }
    }

    bool empty() const { return buses_.empty(); }
    unsigned root_ports() const {
        unsigned sum = 0;
        for (const auto& [index, bus] : buses_) sum += static_cast<unsigned>(bus.ports.size());
        return sum;
    }

    /// The place that the configuration names.
    void reserve(const UsbAddress& address, bool is_hub) {
        Ports& bus = this->bus(address.bus);
        const std::vector<unsigned> path = numbers(address.port);
        Ports* level = &bus;
        for (std::size_t i = 0; i < path.size(); ++i) {
            const unsigned port = path[i];
            if (port == 0 || port > level->ports.size())
                throw Error(ErrorCode::xml_error, ErrorDomain::domain,
                            fmt::format("requested USB port {} not present on USB bus {}", address.port, address.bus));
            Ports::Port& slot = level->ports[port - 1];
            if (i + 1 < path.size()) {
                if (!slot.hub)
                    throw Error(ErrorCode::xml_error, ErrorDomain::domain,
                                fmt::format("there is no hub at port {} in USB address bus: {} port: {}", port,
                                            address.bus, address.port));
                level = slot.hub.get();
                continue;
            }
            if (slot.taken)
                throw Error(ErrorCode::xml_error, ErrorDomain::domain,
                            fmt::format("Duplicate USB address bus {} port {}", address.bus, address.port));
            slot.taken = true;
            if (is_hub) slot.hub = std::make_unique<Ports>(ports_of_a_hub);
        }
    }

    /// The first free place, on one bus or on any.
    UsbAddress take(std::optional<unsigned> wanted, bool is_hub) {
        if (wanted) bus(*wanted);
        for (auto& [index, bus] : buses_) {
            if (wanted && index != *wanted) continue;
            std::string path;
            if (!take_below(bus, is_hub, 1, path)) continue;
            return {index, path};
        }
        throw Error(ErrorCode::internal_error, ErrorDomain::domain, "No free USB ports");
    }

  private:
    Ports& bus(unsigned index) {
        const auto found = buses_.find(index);
        if (found == buses_.end())
            throw Error(ErrorCode::xml_error, ErrorDomain::domain, fmt::format("Missing USB bus {}", index));
        return found->second;
    }

    /// A hub's own ports before those of the hubs below it.
    static bool take_below(Ports& level, bool is_hub, unsigned depth, std::string& path) {
        for (std::size_t i = 0; i < level.ports.size(); ++i) {
            if (level.ports[i].taken) continue;
            level.ports[i].taken = true;
            if (is_hub && depth < deepest) level.ports[i].hub = std::make_unique<Ports>(ports_of_a_hub);
            path = std::to_string(i + 1);
            return true;
        }
        if (depth >= deepest) return false;
        for (std::size_t i = 0; i < level.ports.size(); ++i) {
            if (!level.ports[i].hub) continue;
            std::string below;
            if (!take_below(*level.ports[i].hub, is_hub, depth + 1, below)) continue;
            path = fmt::format("{}.{}", i + 1, below);
            return true;
        }
        return false;
    }

    std::map<unsigned, Ports> buses_;
};

/// All USB devices but hubs, in the order in which the ports are given away.
std::vector<model::DeviceInfo*> usb_devices(model::DomainDef& def) {
    std::vector<model::DeviceInfo*> all;
    auto& d = def.devices;
    for (auto& hostdev : d.hostdevs)
        if (hostdev.type == model::Hostdev::Type::usb) all.push_back(&hostdev.info);
    for (auto& disk : d.disks)
        if (disk.bus == model::Disk::Bus::usb) all.push_back(&disk.info);
    for (auto& controller : d.controllers)
        if (controller.type == Controller::Type::ccid) all.push_back(&controller.info);
    for (auto& input : d.inputs)
        if (input.bus == model::Input::Bus::usb) all.push_back(&input.info);
    for (auto& serial : d.serials)
        if (serial.target == model::Serial::Target::usb_serial) all.push_back(&serial.info);
    for (auto& sound : d.sounds)
        if (sound.model == model::Sound::Model::usb) all.push_back(&sound.info);
    for (auto& redirdev : d.redirdevs) all.push_back(&redirdev.info);
    return all;
}

bool is_fixed(const model::DeviceInfo& info) {
    const auto* address = info.at<UsbAddress>();
    return address && !address->port.empty();
}

void place(UsbMap& map, model::DeviceInfo& info, bool is_hub) {
    if (is_fixed(info)) return;
    std::optional<unsigned> bus;
    if (const auto* address = info.at<UsbAddress>()) bus = address->bus;
    if (!bus && info.has_address()) return;
    info.address = map.take(bus, is_hub);
}

void reserve(UsbMap& map, const model::DeviceInfo& info, bool is_hub) {
    if (is_fixed(info)) map.reserve(*info.at<UsbAddress>(), is_hub);
}

}  // namespace

void assign_usb_addresses(Completion& it) {
    auto& hubs = it.def.devices.hubs;
    UsbMap map(it.def);
    if (map.empty()) return;
    const std::vector<model::DeviceInfo*> devices = usb_devices(it.def);

    // Each further hub takes a port and gives eight.
    const std::size_t ports = map.root_ports() + hubs.size() * ports_of_a_hub;
    const std::size_t wanted = devices.size() + hubs.size();
    if (wanted > ports) {
        const std::size_t missing = (wanted - ports + ports_of_a_hub - 2) / (ports_of_a_hub - 1);
        for (std::size_t i = 0; i < missing; ++i) hubs.emplace_back();
    }
    for (const model::Hub& hub : hubs) reserve(map, hub.info, true);
    for (const model::DeviceInfo* info : devices) reserve(map, *info, false);
    for (model::Hub& hub : hubs) place(map, hub.info, true);
    for (model::DeviceInfo* info : devices) place(map, *info, false);
}

}  // namespace innkeeper::qemu
