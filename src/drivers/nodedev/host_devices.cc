#include "drivers/nodedev/host_devices.h"

#include <chrono>

#include "base/log.h"
#include "drivers/nodedev/read_device.h"
#include "loop/pool.h"
#include "protocol/constants.h"

namespace innkeeper::nodedev {

using namespace std::chrono_literals;

namespace {

constexpr auto patience = 30s;
/// What udev says while the catalog is made waits; a host that says more than this is read anew with the next question.
constexpr std::size_t most_happenings = 4096;

constexpr Manner manner{.list_all = "nodeConnectListAllNodeDevices",
                        .num = "nodeNumOfDevices",
                        .list = "nodeListDevices",
                        .xml = "nodeDeviceGetXMLDesc",
                        .list_flags = 0xc03f'ffff,
                        .tells_all_abilities = true};

}  // namespace

HostDevices::HostDevices() : questions_(*this, catalog_, manner) {}

Task<> HostDevices::stop() {
    watch_.reset();
    return group_.close();
}

// -------------------------------------------------------------------------------------------------- what there is now

Task<> HostDevices::ready() {
    if (is_ready_) co_return;
    const auto turn = co_await turns_->take("read", patience, "node devices");
    if (is_ready_) co_return;
    // First the ears, then the eyes: what changes in between is heard.
    listen();
    auto host = co_await in_pool([] { return read_host(); });
    names_ = std::make_shared<const PciNames>(std::move(host.names));
    catalog_ = {};
    for (auto& device : host.devices) catalog_.put(std::move(device));
    is_ready_ = true;
}

Task<DevicePtr> HostDevices::find(std::string name) {
    co_await ready();
    co_return catalog_.find(name);
}

Task<DevicePtr> HostDevices::current(DevicePtr device) {
    if (device->path.empty()) co_return device;
    auto fresh = co_await in_pool([path = device->path, names = names_] { return read_device(path, *names); });
    if (!fresh || fresh->name != device->name) co_return device;
    if (catalog_.by_name(device->name)) co_return catalog_.put(std::move(*fresh));
    co_return device;
}

// ------------------------------------------------------------------------------------------------ what udev says of it

void HostDevices::listen() {
    if (watch_) return;
    try {
        monitor_ = std::make_unique<host::UdevMonitor>();
    } catch (const Error& error) {
        log::warning("changes of devices are not heard: {}", error.message());
        return;
    }
    watch_ = std::make_unique<Watch>(monitor_->fd(), [this](Watch::Ready) {
        while (auto happening = monitor_->receive()) happenings_.push_back(std::move(*happening));
        if (happenings_.size() > most_happenings) {
            happenings_.clear();
            is_ready_ = false;
        }
        if (!is_working_) group_.spawn(work_off());
    });
    watch_->want(true, false);
}

Task<> HostDevices::work_off() {
    is_working_ = true;
    while (!happenings_.empty()) {
        auto happening = std::move(happenings_.front());
        happenings_.pop_front();
        // The catalog is made by one at a time.
        const auto turn = co_await turns_->take("update", patience, "node devices");
        if (is_ready_) co_await apply(std::move(happening));
    }
    is_working_ = false;
}

Task<> HostDevices::apply(host::UdevMonitor::Happening happening) {
    if (!happening.old_path.empty()) forget(happening.old_path);
    if (happening.action == "remove") {
        forget(happening.path);
        co_return;
    }
    auto fresh = co_await in_pool([path = happening.path, names = names_] { return read_device(path, *names); });
    const auto known = catalog_.by_path(happening.path);
    if (!fresh || (known && known->name != fresh->name)) forget(happening.path);
    if (!fresh) co_return;
    const bool is_new = catalog_.by_path(happening.path) == nullptr;
    const auto device = catalog_.put(std::move(*fresh));
    if (is_new)
        questions_.publish_lifecycle(device->name, protocol::VIR_NODE_DEVICE_EVENT_CREATED);
    else
        questions_.publish_update(device->name);
}

void HostDevices::forget(const std::string& path) {
    const auto known = catalog_.by_path(path);
    if (!known) return;
    catalog_.remove(*known);
    questions_.publish_lifecycle(known->name, protocol::VIR_NODE_DEVICE_EVENT_DELETED);
}

}  // namespace innkeeper::nodedev
