#include "host/udev.h"

#include <libudev.h>

#include "base/error.h"

namespace innkeeper::host {

namespace {

std::string text(const char* value) { return value == nullptr ? "" : value; }
std::optional<std::string> maybe(const char* value) {
    return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

struct FreeEnumeration {
    void operator()(udev_enumerate* enumeration) const { udev_enumerate_unref(enumeration); }
};

}  // namespace

void UdevDevice::Free::operator()(udev_device* device) const { udev_device_unref(device); }
void Udev::Free::operator()(udev* context) const { udev_unref(context); }
void UdevMonitor::Free::operator()(udev_monitor* monitor) const { udev_monitor_unref(monitor); }

std::string UdevDevice::path() const { return text(udev_device_get_syspath(device_.get())); }
std::string UdevDevice::name() const { return text(udev_device_get_sysname(device_.get())); }
std::string UdevDevice::subsystem() const { return text(udev_device_get_subsystem(device_.get())); }
std::string UdevDevice::type() const { return text(udev_device_get_devtype(device_.get())); }
std::string UdevDevice::driver() const { return text(udev_device_get_driver(device_.get())); }
std::string UdevDevice::node() const { return text(udev_device_get_devnode(device_.get())); }

std::vector<std::string> UdevDevice::links() const {
    std::vector<std::string> result;
    for (auto* entry = udev_device_get_devlinks_list_entry(device_.get()); entry != nullptr;
         entry = udev_list_entry_get_next(entry))
        result.emplace_back(udev_list_entry_get_name(entry));
    return result;
}

std::optional<std::string> UdevDevice::property(const char* name) const {
    return maybe(udev_device_get_property_value(device_.get(), name));
}
std::optional<std::string> UdevDevice::attribute(const char* name) const {
    return maybe(udev_device_get_sysattr_value(device_.get(), name));
}

Udev::Udev() : context_(udev_new()) {
    if (!context_) throw Error(ErrorCode::internal_error, "Failed to create udev context");
}

std::vector<UdevDevice> Udev::devices(std::initializer_list<const char*> subsystems) const {
    const std::unique_ptr<udev_enumerate, FreeEnumeration> enumeration(udev_enumerate_new(context_.get()));
    for (const char* subsystem : subsystems) udev_enumerate_add_match_subsystem(enumeration.get(), subsystem);
    udev_enumerate_scan_devices(enumeration.get());
    std::vector<UdevDevice> result;
    for (auto* entry = udev_enumerate_get_list_entry(enumeration.get()); entry != nullptr;
         entry = udev_list_entry_get_next(entry))
        // One that went away in between is none.
        if (auto found = device(udev_list_entry_get_name(entry))) result.push_back(std::move(*found));
    return result;
}

std::optional<UdevDevice> Udev::device(const std::string& path) const {
    auto* found = udev_device_new_from_syspath(context_.get(), path.c_str());
    return found == nullptr ? std::nullopt : std::optional<UdevDevice>(UdevDevice(found));
}

std::optional<UdevDevice> Udev::device(const char* subsystem, const std::string& name) const {
    auto* found = udev_device_new_from_subsystem_sysname(context_.get(), subsystem, name.c_str());
    return found == nullptr ? std::nullopt : std::optional<UdevDevice>(UdevDevice(found));
}

UdevMonitor::UdevMonitor() : monitor_(udev_monitor_new_from_netlink(udev_.context_.get(), "udev")) {
    constexpr int buffer = 1 << 20;  // a bus that comes up says much at once
    if (!monitor_ || udev_monitor_enable_receiving(monitor_.get()) < 0)
        throw Error(ErrorCode::internal_error, "udev_monitor_new_from_netlink returned NULL");
    udev_monitor_set_receive_buffer_size(monitor_.get(), buffer);
}
UdevMonitor::~UdevMonitor() = default;

int UdevMonitor::fd() const { return udev_monitor_get_fd(monitor_.get()); }

std::optional<UdevMonitor::Happening> UdevMonitor::receive() {
    auto* received = udev_monitor_receive_device(monitor_.get());
    if (received == nullptr) return std::nullopt;
    const UdevDevice device(received);
    Happening happening{text(udev_device_get_action(received)), device.path(), {}};
    if (const auto old = device.property("DEVPATH_OLD")) happening.old_path = "/sys" + *old;
    return happening;
}

}  // namespace innkeeper::host
