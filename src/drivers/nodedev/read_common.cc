#include <fmt/format.h>
#include <unistd.h>

#include <charconv>
#include <climits>

#include "base/files.h"
#include "drivers/nodedev/readers.h"

namespace innkeeper::nodedev {

using namespace model::nodedev;

Device make_device(const UdevDevice& from, std::string_view kind, std::string_view name, Capability capability) {
    Device device;
    device.name = fmt::format("{}_{}", kind, name);
    for (char& c : device.name)
        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))) c = '_';
    device.path = from.path();
    device.driver = from.driver();
    if (const auto node = from.node(); !node.empty()) {
        device.nodes.push_back({DevNode::Type::dev, node});
        for (auto& link : from.links()) device.nodes.push_back({DevNode::Type::link, std::move(link)});
    }
    device.capabilities.push_back(std::move(capability));
    return device;
}

std::optional<unsigned> number(const std::optional<std::string>& text, int base) {
    if (!text) return std::nullopt;
    std::string_view digits = *text;
    if (base == 16 && digits.starts_with("0x")) digits.remove_prefix(2);
    unsigned value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
    return error == std::errc{} && end == digits.data() + digits.size() ? std::optional(value) : std::nullopt;
}

std::string link_name(const UdevDevice& from, std::string_view link) {
    std::string target(PATH_MAX, '\0');
    const auto size = readlink(fmt::format("{}/{}", from.path(), link).c_str(), target.data(), target.size());
    if (size < 0) return "";
    target.resize(static_cast<std::size_t>(size));
    return target.substr(target.rfind('/') + 1);
}

std::optional<PciPlace> pci_place(std::string_view text) {
    PciPlace place;
    const auto take = [&text](unsigned& into, char behind) {
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), into, 16);
        if (error != std::errc{}) return false;
        text.remove_prefix(static_cast<std::size_t>(end - text.data()));
        if (behind == '\0') return text.empty();
        if (!text.starts_with(behind)) return false;
        text.remove_prefix(1);
        return true;
    };
    const bool is_place =
        take(place.domain, ':') && take(place.bus, ':') && take(place.slot, '.') && take(place.function, '\0');
    return is_place ? std::optional(place) : std::nullopt;
}

std::optional<unsigned> read_iommu_group(const UdevDevice& from) { return number(link_name(from, "iommu_group")); }

std::optional<MdevTypes> read_mdev_types(const UdevDevice& from) {
    MdevTypes all;
    const std::string folder = "mdev_supported_types";
    for (const auto& id : list_directory(from.path() + "/" + folder)) {
        const auto attribute = [&](std::string_view name) {
            return from.attribute(fmt::format("{}/{}/{}", folder, id, name).c_str());
        };
        const auto api = attribute("device_api");
        const auto available = number(attribute("available_instances"));
        if (api && available) all.types.push_back({id, attribute("name").value_or(""), *api, *available});
    }
    return all.types.empty() ? std::nullopt : std::optional(std::move(all));
}

}  // namespace innkeeper::nodedev
