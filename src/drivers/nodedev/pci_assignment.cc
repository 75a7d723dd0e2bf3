#include "drivers/nodedev/pci_assignment.h"

#include <fmt/format.h>

#include <filesystem>

#include "base/error.h"
#include "base/files.h"
#include "base/log.h"
#include "base/undo.h"
#include "host/kernel_files.h"
#include "loop/pool.h"
#include "objects/requests.h"

namespace innkeeper::nodedev {

namespace remote = protocol::remote;
using namespace model::nodedev;

namespace {

constexpr std::string_view vfio = "vfio-pci";

bool can_use_vfio() { return path_exists("/dev/vfio/vfio") && !list_directory("/sys/kernel/iommu_groups").empty(); }

std::string folder_of(const std::string& address) { return "/sys/bus/pci/devices/" + address; }

/// The driver that has the device; empty: none.
std::string driver_of(const std::string& address) {
    std::error_code error;
    const auto target = std::filesystem::read_symlink(folder_of(address) + "/driver", error);
    return error ? "" : target.filename().string();
}

/// An empty name takes the preference back.
void prefer_driver(const std::string& address, std::string_view driver) {
    host::write_kernel_file(folder_of(address) + "/driver_override", fmt::format("{}\n", driver));
}

/// Takes it from its driver and lets the kernel look for one.
void bind_anew(const std::string& address) {
    if (!driver_of(address).empty()) host::write_kernel_file(folder_of(address) + "/driver/unbind", address);
    host::write_kernel_file("/sys/bus/pci/drivers_probe", address);
}

void give_to_host(const std::string& address) {
    prefer_driver(address, "");
    bind_anew(address);
}

void give_to_vfio(const std::string& address) {
    if (driver_of(address) == vfio) return;
    Undo undo;
    prefer_driver(address, vfio);
    undo.push([&address] {
        try {
            give_to_host(address);
        } catch (const Error& error) {
            log::error("PCI device '{}' is left without its driver: {}", address, error.message());
        }
    });
    bind_anew(address);
    if (driver_of(address) != vfio)
        throw Error(ErrorCode::internal_error, fmt::format("Failed to bind PCI device '{}' to {}", address, vfio));
    undo.commit();
}

void reset_function(const std::string& address) {
    const auto file = folder_of(address) + "/reset";
    if (!path_exists(file))
        throw Error(ErrorCode::internal_error,
                    fmt::format("Unable to reset PCI device {}: no FLR, PM reset or bus reset available", address));
    host::write_kernel_file(file, "1");
}

}  // namespace

PciAssignment::PciAssignment(HostDevices& devices) : devices_(devices) {
    table_.describe("node_device", devices_.questions(), &Questions::subject, &Questions::subjects);
    table_.add<remote::NodeDeviceDettach>(*this, &PciAssignment::detach);
    table_.add<remote::NodeDeviceDetachFlags>(*this, &PciAssignment::detach_flags);
    table_.add<remote::NodeDeviceReAttach>(*this, &PciAssignment::reattach);
    table_.add<remote::NodeDeviceReset>(*this, &PciAssignment::reset);
}

Task<std::string> PciAssignment::address_of(std::string name) {
    const auto device = co_await devices_.find(std::move(name));
    const auto* pci = device->as<Pci>();
    if (pci == nullptr) throw Error(ErrorCode::invalid_arg, fmt::format("device {} is not a PCI device", device->name));
    const auto& place = pci->place;
    co_return fmt::format("{:04x}:{:02x}:{:02x}.{:x}", place.domain, place.bus, place.slot, place.function);
}

Task<> PciAssignment::give_away(std::string name) {
    if (!co_await in_pool([] { return can_use_vfio(); }))
        throw Error(ErrorCode::argument_unsupported,
                    "VFIO device assignment is currently not supported on this system");
    const auto address = co_await address_of(std::move(name));
    co_await in_pool([address] { give_to_vfio(address); });
}

Task<> PciAssignment::detach(rpc::Caller, remote::NodeDeviceDettachArgs args) {
    co_await give_away(std::move(args.name));
}

Task<> PciAssignment::detach_flags(rpc::Caller, remote::NodeDeviceDetachFlagsArgs args) {
    objects::allow_flags(args.flags, 0, ErrorDomain::none, "qemuNodeDeviceDetachFlags");
    const auto driver = args.driverName.value_or("vfio");
    if (driver == "kvm")
        throw Error(ErrorCode::argument_unsupported, "KVM device assignment is no longer supported on this system");
    if (driver != "vfio") throw Error(ErrorCode::invalid_arg, fmt::format("unknown driver name '{}'", driver));
    co_await give_away(std::move(args.name));
}

Task<> PciAssignment::reattach(rpc::Caller, remote::NodeDeviceReAttachArgs args) {
    const auto address = co_await address_of(std::move(args.name));
    co_await in_pool([address] { give_to_host(address); });
}

Task<> PciAssignment::reset(rpc::Caller, remote::NodeDeviceResetArgs args) {
    const auto address = co_await address_of(std::move(args.name));
    co_await in_pool([address] { reset_function(address); });
}

}  // namespace innkeeper::nodedev
