#include <fmt/format.h>

#include "base/files.h"
#include "drivers/nodedev/host_devices.h"
#include "drivers/nodedev/read_device.h"
#include "drivers/nodedev/requests.h"
#include "host/kernel_files.h"
#include "loop/pool.h"
#include "objects/requests.h"
#include "protocol/constants.h"

/// Making and unmaking devices: virtual ports of Fibre Channel adapters by the kernel, mediated ones by mdevctl.
namespace innkeeper::nodedev {

namespace remote = protocol::remote;
using namespace model::nodedev;

namespace {

constexpr std::string_view host_itself = "computer";

[[noreturn]] void unsupported_type() { throw Error(ErrorCode::config_unsupported, "Unsupported device type"); }

/// Mediated devices are what the tool of that name makes of them.
[[noreturn]] void call_mdevctl() {
    for (const auto* folder : {"/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"})
        if (path_exists(std::string(folder) + "/mdevctl"))
            throw Error(ErrorCode::operation_unsupported, "mediated devices cannot be made or unmade yet");
    throw Error::system(ENOENT, "Cannot find 'mdevctl' in path");
}

bool can_have_mdevs(const Device& device) {
    return device.as<Pci>() != nullptr || device.as<Css>() != nullptr || device.as<ApMatrix>() != nullptr;
}

void write_port(const std::string& host, std::string_view what, const FcHost& port) {
    const auto number = host.substr(std::string_view("scsi_").size());
    const auto path = fmt::format("/sys/class/fc_host/{}/{}", number, what);
    host::write_kernel_file(path, fmt::format("{}:{}", port.wwpn, port.wwnn));
}

/// The adapter with those names, which the kernel may have made just now.
std::optional<Device> read_port(const FcHost& port, const PciNames& names) {
    const host::Udev udev;
    for (const auto& found : udev.devices({"fc_host"})) {
        const auto device = read_device(parent_of(parent_of(found.path())), names);
        const auto* host = device ? device->as<ScsiHost>() : nullptr;
        const auto* fc = host != nullptr ? host->fc_host() : nullptr;
        if (fc != nullptr && fc->wwnn == port.wwnn && fc->wwpn == port.wwpn) return device;
    }
    return std::nullopt;
}

}  // namespace

rpc::HandlerTable HostDevices::handlers() {
    rpc::HandlerTable table;
    questions_.add_handlers(table);
    table.add<remote::NodeDeviceLookupScsiHostByWwn>(*this, &HostDevices::by_wwn);
    table.add<remote::NodeDeviceGetAutostart>(*this, &HostDevices::get_autostart);
    table.add<remote::NodeDeviceIsPersistent>(*this, &HostDevices::is_persistent);
    table.add<remote::NodeDeviceIsActive>(*this, &HostDevices::is_active);
    table.add<remote::NodeDeviceCreateXml>(*this, &HostDevices::create_xml);
    table.add<remote::NodeDeviceDefineXml>(*this, &HostDevices::define_xml);
    table.add<remote::NodeDeviceCreate>(*this, &HostDevices::create);
    table.add<remote::NodeDeviceDestroy>(*this, &HostDevices::destroy);
    table.add<remote::NodeDeviceUndefine>(*this, &HostDevices::undefine);
    table.add<remote::NodeDeviceSetAutostart>(*this, &HostDevices::set_autostart);
    return table;
}

Task<remote::NodeDeviceLookupScsiHostByWwnRet> HostDevices::by_wwn(rpc::Caller,
                                                                   remote::NodeDeviceLookupScsiHostByWwnArgs args) {
    objects::allow_flags(args.flags, 0, ErrorDomain::none, "nodeDeviceLookupSCSIHostByWWN");
    co_await ready();
    co_return remote::NodeDeviceLookupScsiHostByWwnRet{.dev = {.name = catalog_.find_wwn(args.wwnn, args.wwpn)->name}};
}

Task<remote::NodeDeviceGetAutostartRet> HostDevices::get_autostart(rpc::Caller,
                                                                   remote::NodeDeviceGetAutostartArgs args) {
    co_await ready();
    co_return remote::NodeDeviceGetAutostartRet{.autostart = catalog_.find(args.name)->name == host_itself};
}

Task<remote::NodeDeviceIsPersistentRet> HostDevices::is_persistent(rpc::Caller,
                                                                   remote::NodeDeviceIsPersistentArgs args) {
    co_await ready();
    co_return remote::NodeDeviceIsPersistentRet{.persistent = catalog_.find(args.name)->name == host_itself};
}

Task<remote::NodeDeviceIsActiveRet> HostDevices::is_active(rpc::Caller, remote::NodeDeviceIsActiveArgs args) {
    co_await ready();
    co_return remote::NodeDeviceIsActiveRet{.active = catalog_.find(args.name) != nullptr};
}

void HostDevices::check_mdev(const Device& wanted) const {
    const auto& parent = wanted.parent.name;
    if (parent.empty()) throw Error(ErrorCode::config_unsupported, "missing parent device");
    const auto found = catalog_.by_name(parent);
    if (!found) throw Error(ErrorCode::config_unsupported, fmt::format("invalid parent device '{}'", parent));
    if (!can_have_mdevs(*found))
        throw Error(ErrorCode::parse_failed, fmt::format("Unable to find address for parent device '{}'", parent));
}

Task<std::string> HostDevices::create_vport(Device wanted) {
    const auto port = vport_names(wanted, Missing::invented);
    const auto parent = vport_parent(catalog_, wanted)->name;
    auto made = co_await in_pool([parent, port, names = names_] {
        write_port(parent, "vport_create", port);
        return read_port(port, *names);
    });
    if (!made)
        throw Error(
            ErrorCode::no_node_device,
            fmt::format("no node device for 'new device' with matching wwnn '{}' and wwpn '{}'", port.wwnn, port.wwpn));
    // Udev tells of it, too: whoever is first.
    const bool is_new = catalog_.by_path(made->path) == nullptr;
    const auto device = catalog_.put(std::move(*made));
    if (is_new) questions_.publish_lifecycle(device->name, protocol::VIR_NODE_DEVICE_EVENT_CREATED);
    co_return device->name;
}

Task<remote::NodeDeviceCreateXmlRet> HostDevices::create_xml(rpc::Caller, remote::NodeDeviceCreateXmlArgs args) {
    objects::allow_flags(args.flags, protocol::VIR_NODE_DEVICE_CREATE_XML_VALIDATE, ErrorDomain::none,
                         "nodeDeviceCreateXML");
    auto wanted = co_await parse_device(std::move(args.xml_desc), args.flags != 0);
    co_await ready();
    if (wanted.as<Mdev>() != nullptr) {
        check_mdev(wanted);
        call_mdevctl();
    }
    if (wanted.as<ScsiHost>() == nullptr) unsupported_type();
    co_return remote::NodeDeviceCreateXmlRet{.dev = {.name = co_await create_vport(std::move(wanted))}};
}

Task<remote::NodeDeviceDefineXmlRet> HostDevices::define_xml(rpc::Caller, remote::NodeDeviceDefineXmlArgs args) {
    objects::allow_flags(args.flags, protocol::VIR_NODE_DEVICE_DEFINE_XML_VALIDATE, ErrorDomain::none,
                         "nodeDeviceDefineXML");
    const auto wanted = co_await parse_device(std::move(args.xml_desc), args.flags != 0);
    co_await ready();
    if (wanted.as<Mdev>() == nullptr) unsupported_type();
    check_mdev(wanted);
    call_mdevctl();
}

Task<> HostDevices::create(rpc::Caller, remote::NodeDeviceCreateArgs args) {
    objects::allow_flags(args.flags, 0, ErrorDomain::none, "nodeDeviceCreate");
    co_await ready();
    catalog_.find(args.name);
    throw Error(ErrorCode::operation_invalid, "Device is already active");
}

Task<> HostDevices::destroy(rpc::Caller, remote::NodeDeviceDestroyArgs args) {
    co_await ready();
    const auto device = catalog_.find(args.name);
    if (device->as<Mdev>() != nullptr) call_mdevctl();
    const auto* host = device->as<ScsiHost>();
    if (host == nullptr) unsupported_type();
    const auto port = vport_names(*device, Missing::refused);
    const auto parent = vport_parent(catalog_, *device)->name;
    co_await in_pool([parent, port] { write_port(parent, "vport_delete", port); });
    if (!path_exists(device->path)) forget(device->path);
}

Task<> HostDevices::undefine(rpc::Caller, remote::NodeDeviceUndefineArgs args) {
    objects::allow_flags(args.flags, 0, ErrorDomain::none, "nodeDeviceUndefine");
    co_await ready();
    const auto device = catalog_.find(args.name);
    if (device->name != host_itself)
        throw Error(ErrorCode::operation_invalid, fmt::format("Node device '{}' is not defined", device->name));
    unsupported_type();
}

Task<> HostDevices::set_autostart(rpc::Caller, remote::NodeDeviceSetAutostartArgs args) {
    co_await ready();
    const auto device = catalog_.find(args.name);
    if (device->as<Mdev>() != nullptr)
        throw Error(ErrorCode::operation_invalid, "cannot set autostart for transient device");
    throw Error(ErrorCode::operation_unsupported, "Unsupported device type");
}

}  // namespace innkeeper::nodedev
