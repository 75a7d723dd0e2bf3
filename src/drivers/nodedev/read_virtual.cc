#include <algorithm>

#include "base/files.h"
#include "drivers/nodedev/readers.h"

/// Devices that drivers make for guests and programs: parts of graphics cards, mediated ones, software's network cards.
namespace innkeeper::nodedev {

using namespace model::nodedev;

std::optional<Device> read_drm(const UdevDevice& from) {
    const auto name = from.name();
    std::optional<Drm::Type> type;
    if (name.starts_with("card")) type = Drm::Type::primary;
    if (name.starts_with("controlD")) type = Drm::Type::control;
    if (name.starts_with("renderD")) type = Drm::Type::render;
    if (!type || from.node().empty()) return std::nullopt;
    return make_device(from, "drm", name, {Drm{*type}});
}

std::optional<Device> read_mdev(const UdevDevice& from) {
    const auto uuid = Uuid::parse(from.name());
    const auto group = read_iommu_group(from);
    const auto type = link_name(from, "mdev_type");
    if (!uuid || !group || type.empty()) return std::nullopt;
    const auto above = parent_of(from.path());
    Mdev mdev{.type = type, .uuid = uuid, .parent_address = above.substr(above.rfind('/') + 1), .iommu_group = group};
    const auto name = from.name() + "_" + mdev.parent_address;
    return make_device(from, "mdev", name, {std::move(mdev)});
}

std::optional<Device> read_vdpa(const UdevDevice& from) {
    const auto names = list_directory(from.path());
    const auto found =
        std::ranges::find_if(names, [](const std::string& name) { return name.starts_with("vhost-vdpa-"); });
    if (found == names.end() || !path_exists("/dev/" + *found)) return std::nullopt;
    return make_device(from, "vdpa", from.name(), {Vdpa{"/dev/" + *found}});
}

}  // namespace innkeeper::nodedev
