#include "drivers/nodedev/catalog.h"

#include <fmt/format.h>

#include "base/error.h"

namespace innkeeper::nodedev {

using namespace model::nodedev;

namespace {

DevicePtr in(const std::map<std::string, DevicePtr, std::less<>>& all, std::string_view key) {
    const auto found = all.find(key);
    return found == all.end() ? nullptr : found->second;
}

}  // namespace

DevicePtr Catalog::by_name(std::string_view name) const { return in(names_, name); }
DevicePtr Catalog::by_path(std::string_view path) const { return in(paths_, path); }

DevicePtr Catalog::find(std::string_view name) const {
    if (auto found = by_name(name)) return found;
    throw Error(ErrorCode::no_node_device, fmt::format("no node device with matching name '{}'", name));
}

DevicePtr Catalog::first_host(bool (*fits)(const ScsiHost&, std::string_view, std::string_view), std::string_view first,
                              std::string_view second) const {
    for (const auto& [name, device] : names_)
        if (const auto* host = device->as<ScsiHost>(); host != nullptr && fits(*host, first, second)) return device;
    return nullptr;
}

DevicePtr Catalog::by_wwn(std::string_view wwnn, std::string_view wwpn) const {
    return first_host(
        [](const ScsiHost& host, std::string_view node, std::string_view port) {
            const auto* fc = host.fc_host();
            return fc != nullptr && fc->wwnn == node && fc->wwpn == port;
        },
        wwnn, wwpn);
}

DevicePtr Catalog::find_wwn(std::string_view wwnn, std::string_view wwpn) const {
    if (auto found = by_wwn(wwnn, wwpn)) return found;
    throw Error(ErrorCode::internal_error,
                fmt::format("no SCSI host with matching wwnn '{}' and wwpn '{}'", wwnn, wwpn));
}

DevicePtr Catalog::by_fabric(std::string_view fabric) const {
    return first_host(
        [](const ScsiHost& host, std::string_view wanted, std::string_view) {
            return host.fc_host() != nullptr && host.vports() != nullptr && host.fc_host()->fabric_wwn == wanted;
        },
        fabric, {});
}

DevicePtr Catalog::any_with_vports() const {
    return first_host([](const ScsiHost& host, std::string_view, std::string_view) { return host.vports() != nullptr; },
                      {}, {});
}

std::string Catalog::parent_of(std::string_view path) const {
    for (auto end = path.rfind('/'); end != path.npos && end != 0; end = path.rfind('/')) {
        path = path.substr(0, end);
        if (const auto above = by_path(path)) return above->name;
    }
    return "computer";
}

DevicePtr Catalog::put(Device device) {
    if (!device.path.empty()) {
        if (const auto old = by_path(device.path)) remove(*old);
        if (device.parent.name.empty()) device.parent.name = parent_of(device.path);
    }
    auto known = std::make_shared<const Device>(std::move(device));
    if (const auto old = by_name(known->name)) remove(*old);
    names_[known->name] = known;
    if (!known->path.empty()) paths_[known->path] = known;
    return known;
}

void Catalog::remove(const Device& device) {
    const std::string name = device.name, path = device.path;
    names_.erase(name);
    if (!path.empty()) paths_.erase(path);
}

}  // namespace innkeeper::nodedev
