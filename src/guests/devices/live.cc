#include "guests/devices/live.h"

#include <fmt/format.h>

#include <algorithm>

#include "guests/devices/devices.h"
#include "guests/devices/kinds.h"

namespace innkeeper::guests {

namespace {

using model::Devices;

[[noreturn]] void unsupported(std::string sentence) {
    throw Error(ErrorCode::operation_unsupported, std::move(sentence));
}
[[noreturn]] void missing(std::string sentence) { throw Error(ErrorCode::device_missing, std::move(sentence)); }

template <class T>
constexpr bool is_chardev = std::is_same_v<T, model::Serial> || std::is_same_v<T, model::Parallel> ||
                            std::is_same_v<T, model::Console> || std::is_same_v<T, model::Channel>;

/// Sounds are for a definition only; whole file systems and host devices need more than the monitor.
template <class T>
constexpr bool can_come = Attachable<T> && !std::is_same_v<T, model::Sound>;

bool is_scsi(const model::Controller& controller) { return controller.type == model::Controller::Type::scsi; }
bool is_fixed(const model::Input& input) {
    return input.bus != model::Input::Bus::usb && input.bus != model::Input::Bus::virtio;
}

template <class T>
void refuse_device(const Devices& devices, const T& device) {
    refuse_twin(devices, device);
}
// The same disk twice is found out by whoever looks at the definition as a whole.
void refuse_device(const Devices&, const model::Disk& disk) {
    if (disk.device == model::Disk::Device::floppy) unsupported("floppy device hotplug isn't supported");
}
void refuse_device(const Devices& devices, const model::Controller& controller) {
    if (!is_scsi(controller))
        unsupported(fmt::format("'{}' controller cannot be hot plugged.", xml::name(controller.type)));
    for (const auto& other : devices.controllers)
        if (is_scsi(other) && controller.index && other.index == controller.index)
            throw Error(ErrorCode::operation_failed, fmt::format("target scsi:{} already exists", *controller.index));
}
void refuse_device(const Devices&, const model::Input& input) {
    if (input.bus && is_fixed(input))
        unsupported(fmt::format("input device on bus '{}' cannot be hot plugged.", xml::name(*input.bus)));
}
void refuse_device(const Devices& devices, const model::Console& console) {
    if (console.target.value_or(model::Console::Target::serial) == model::Console::Target::serial)
        throw Error(ErrorCode::config_unsupported, "unsupported console target type serial");
    refuse_twin(devices, console);
}
void refuse_device(const Devices& devices, const model::Channel& channel) {
    refuse_twin(devices, channel);
    // A socket that is left to the hypervisor follows from the name.
    const auto is_socket = [](const model::Channel& one) {
        return one.source.type == model::ChardevSource::Type::unix_;
    };
    for (const auto& other : devices.channels)
        if (is_socket(channel) && channel.source.path.empty() && is_socket(other) && other.name == channel.name)
            throw Error(ErrorCode::operation_invalid, "chardev already exists");
}
void refuse_device(const Devices&, const model::Filesystem& filesystem) {
    if (filesystem.driver != model::Filesystem::Driver::virtiofs)
        unsupported("only virtiofs filesystems can be hotplugged");
}

template <class T>
void refuse_leave(const T&) {}
void refuse_leave(const model::Controller& controller) {
    if (!is_scsi(controller))
        unsupported(fmt::format("'{}' controller cannot be hot unplugged.", xml::name(controller.type)));
}
void refuse_leave(const model::Input& input) {
    if (is_fixed(input))
        unsupported(fmt::format("input device on bus '{}' cannot be detached",
                                xml::name(input.bus.value_or(model::Input::Bus::ps2))));
}

/// Whether a disk, or a device of the host, is on the controller.
bool is_used(const Devices& devices, const model::Controller& controller) {
    const auto is_on = [&](const model::DeviceInfo& info) {
        const auto* at = info.at<model::DriveAddress>();
        return at && at->controller == controller.index;
    };
    return std::ranges::any_of(
               devices.disks,
               [&](const auto& disk) { return disk.bus == model::Disk::Bus::scsi && is_on(disk.info); }) ||
           std::ranges::any_of(devices.hostdevs, [&](const auto& hostdev) { return is_on(hostdev.info); });
}

/// How a kind says that there is none such.
template <class T>
std::string absence(const T& device) {
    if constexpr (is_chardev<T>)
        return fmt::format("chr type '{}' device not present in domain configuration",
                           model::tag_of(model::Device(device)));
    else if constexpr (std::is_same_v<T, model::Disk>)
        return fmt::format("disk {} not found", device.target);
    else if constexpr (std::is_same_v<T, model::Controller>)
        return fmt::format("controller {}:{} not found", xml::name(device.type), device.index.value_or(0));
    else if constexpr (std::is_same_v<T, model::Watchdog>)
        return "watchdog device not present in domain configuration";
    else if constexpr (std::is_same_v<T, model::Shmem>)
        return fmt::format("model '{}' shmem device not present in domain configuration", xml::name(device.model));
    else if constexpr (std::is_same_v<T, model::Vsock>)
        return "matching vsock device not found";
    else if constexpr (std::is_same_v<T, model::Filesystem>)
        return "matching filesystem not found";
    else
        return {};
}

template <class T>
std::size_t find_live(const Devices& devices, const T& device) {
    if constexpr (std::is_same_v<T, model::Console>) {
        for (std::size_t i = 0; i < devices.consoles.size(); ++i)
            if (devices.consoles[i].target == device.target && devices.consoles[i].source == device.source) return i;
        missing(absence(device));
    } else {
        try {
            return find(devices, device);
        } catch (const Error& error) {
            const auto sentence = absence(device);
            if (sentence.empty()) throw;
            missing(sentence);
        }
    }
}

template <class T>
const T& at(const Devices& devices, std::size_t index) {
    const auto& held = devices.*model::member_for<T>();
    if constexpr (requires { held[index]; })
        return held[index];
    else
        return *held;
}

template <class T>
std::string unplugged(const Devices& devices, const T& device) {
    refuse_leave(device);
    const T& found = at<T>(devices, find_live(devices, device));
    if constexpr (std::is_same_v<T, model::Controller>)
        if (is_used(devices, found))
            throw Error(ErrorCode::operation_failed, "device cannot be detached: device is busy");
    const auto* info = model::info_of(found);
    return info ? info->alias : std::string();
}

template <class T>
[[noreturn]] void refuse_kind(std::string_view verb, const T& device) {
    unsupported(fmt::format("live {} of device '{}' is not supported", verb, model::tag_of(model::Device(device))));
}

/// A medium can be another; the drive cannot.
LiveUpdate change(Devices devices, const model::Disk& wanted) {
    const auto disk = std::ranges::find(devices.disks, wanted.target, &model::Disk::target);
    if (disk == devices.disks.end())
        throw Error(ErrorCode::internal_error, fmt::format("disk '{}' not found", wanted.target));
    const bool is_removable = disk->device == model::Disk::Device::cdrom || disk->device == model::Disk::Device::floppy;
    if (!is_removable || wanted.device != disk->device)
        throw Error(ErrorCode::config_unsupported, "disk source can be changed only in removable drives");
    disk->source = wanted.source;
    disk->backing = wanted.backing;
    return {.devices = devices, .alias = disk->info.alias};
}

LiveUpdate change(Devices devices, const model::Interface& wanted) {
    auto& card = devices.interfaces[find_live(devices, wanted)];
    if (card.type != wanted.type)
        unsupported(fmt::format("cannot change network interface type to '{}'", xml::name(wanted.type)));
    if (const auto& model = wanted.model.empty() ? "rtl8139" : wanted.model; model != card.model)
        unsupported(fmt::format("cannot modify network device model from {} to {}", card.model, model));
    model::Interface rest = wanted;
    rest.info = card.info;
    rest.link_state = card.link_state;
    rest.model = card.model;
    rest.mac = card.mac;
    if (rest != card) unsupported("only the link state of a network device can be changed while the domain runs");
    card.link_state = wanted.link_state;
    return {.devices = devices, .alias = card.info.alias};
}

LiveUpdate change(Devices devices, const model::Graphics& wanted) {
    const auto graphics = std::ranges::find(devices.graphics, wanted.type, &model::Graphics::type);
    const auto word = xml::name(wanted.type);
    if (graphics == devices.graphics.end())
        missing(fmt::format("cannot find existing graphics device to modify of type '{}'", word));
    const auto addresses = [](const model::Graphics& one) {
        std::vector<std::string> all;
        for (const auto& listen : one.listens) all.push_back(listen.address);
        return all;
    };
    if (addresses(wanted) != addresses(*graphics))
        unsupported(fmt::format("cannot change listen address setting on '{}' graphics", word));
    if (wanted.port.value_or(-1) > 0 && wanted.port != graphics->port)
        unsupported(fmt::format("cannot change port settings on {} graphics", word));
    if (wanted.keymap != graphics->keymap)
        unsupported(fmt::format("cannot change keymap setting on '{}' graphics", word));
    graphics->password = wanted.password;
    graphics->password_valid_to = wanted.password_valid_to;
    graphics->connected = wanted.connected;
    return {.devices = devices, .alias = {}};
}

}  // namespace

void refuse_unpluggable(const Devices& devices, const model::Device& device) {
    std::visit(
        [&]<class T>(const T& one) {
            if constexpr (can_come<T>)
                refuse_device(devices, one);
            else
                refuse_kind("attach", one);
        },
        device);
}

std::string name_to_unplug(const Devices& devices, const model::Device& device) {
    return std::visit(
        [&]<class T>(const T& one) -> std::string {
            if constexpr (can_come<T>)
                return unplugged(devices, one);
            else
                refuse_kind("detach", one);
        },
        device);
}

void refuse_to_unplug(const model::Device& device) {
    std::visit(
        []<class T>(const T& one) {
            if constexpr (can_come<T>)
                refuse_leave(one);
            else
                refuse_kind("detach", one);
        },
        device);
}

LiveUpdate updated_live(const Devices& devices, const model::Device& device) {
    return std::visit(
        [&]<class T>(const T& one) -> LiveUpdate {
            if constexpr (requires { change(devices, one); })
                return change(devices, one);
            else
                throw Error(ErrorCode::config_unsupported,
                            fmt::format("live update of device '{}' is not supported",
                                        is_chardev<T> ? "chr" : model::tag_of(model::Device(one))));
        },
        device);
}

}  // namespace innkeeper::guests
