#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

#include "base/error.h"
#include "drivers/qemu/complete/steps.h"

namespace innkeeper::qemu {
namespace {

using model::Channel;
using model::Console;
using model::Controller;
using model::VirtioSerialAddress;

/// The ports of every virtio-serial controller. Port 0 is a console's.
class SerialPorts {
  public:
    explicit SerialPorts(model::DomainDef& def) : def_(def) {
        for (const Controller& c : def.devices.controllers)
            if (c.type == Controller::Type::virtio_serial) limits_[*c.index] = c.ports.value_or(31);
    }

    void reserve(const VirtioSerialAddress& address) {
        const auto limit = limits_.find(address.controller);
        if (limit == limits_.end())
            throw Error(ErrorCode::xml_error, ErrorDomain::domain,
                        fmt::format("virtio serial controller {} is missing", address.controller));
        if (address.port >= limit->second)
            throw Error(
                ErrorCode::xml_error, ErrorDomain::domain,
                fmt::format("virtio serial controller {} does not have port {}", address.controller, address.port));
        if (!taken_.insert({address.controller, address.port}).second)
            throw Error(ErrorCode::xml_error, ErrorDomain::domain,
                        fmt::format("virtio serial port {} on controller {} is already occupied", address.port,
                                    address.controller));
    }

    /// On the controller that the device names, or on the first with a free port; a new one if all are full.
    VirtioSerialAddress take(std::optional<unsigned> controller) {
        for (;;) {
            for (const auto& [index, limit] : limits_) {
                if (controller && index != *controller) continue;
                for (unsigned port = 1; port < limit; ++port)
                    if (taken_.insert({index, port}).second) return {index, 0, port};
            }
            if (controller)
                throw Error(ErrorCode::xml_error, ErrorDomain::domain, "Unable to find a free virtio-serial port");
            unsigned next = 0;
            while (limits_.contains(next)) ++next;
            maybe_add_controller(def_, Controller::Type::virtio_serial, next);
            limits_[next] = 31;
        }
    }

  private:
    model::DomainDef& def_;
    std::map<unsigned, unsigned> limits_;
    std::set<std::pair<unsigned, unsigned>> taken_;
};

}  // namespace

void assign_virtio_serial_addresses(Completion& it) {
    auto& devices = it.def.devices;
    SerialPorts ports(it.def);
    const auto is_fixed = [](const model::DeviceInfo& info) {
        const auto* address = info.at<VirtioSerialAddress>();
        return address && address->port != 0;
    };
    for (const Console& console : devices.consoles)
        if (console.target == Console::Target::virtio && console.info.at<VirtioSerialAddress>())
            ports.reserve(*console.info.at<VirtioSerialAddress>());
    for (const Channel& channel : devices.channels)
        if (channel.target == Channel::Target::virtio && is_fixed(channel.info))
            ports.reserve(*channel.info.at<VirtioSerialAddress>());
    const auto place = [&](model::DeviceInfo& info) {
        std::optional<unsigned> controller;
        if (const auto* address = info.at<VirtioSerialAddress>()) controller = address->controller;
        info.address = ports.take(controller);
    };
    // A console gets its port from QEMU when it starts: the peer writes none down either.
    for (Channel& channel : devices.channels)
        if (channel.target == Channel::Target::virtio && !is_fixed(channel.info)) place(channel.info);
}

}  // namespace innkeeper::qemu
