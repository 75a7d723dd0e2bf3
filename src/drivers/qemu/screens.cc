#include "drivers/qemu/screens.h"

#include <fmt/format.h>

#include <filesystem>
#include <set>

#include "base/error.h"

namespace innkeeper::qemu {

namespace {

using model::Graphics;

bool is_drawn_by_the_host(const Graphics& graphics) {
    if (graphics.type == Graphics::Type::egl_headless) return true;
    const bool can_be = graphics.type == Graphics::Type::spice || graphics.type == Graphics::Type::dbus;
    return can_be && graphics.gl == true;
}

std::string first_render_node(const std::string& folder) {
    std::error_code failure;
    const std::filesystem::directory_iterator entries(folder, failure);
    if (failure)
        throw Error::system(failure.value(), fmt::format("cannot open directory '{}'", folder), ErrorDomain::none);
    std::set<std::string> nodes;
    for (const auto& entry : entries)
        if (entry.path().filename().string().starts_with("renderD")) nodes.insert(entry.path().string());
    if (nodes.empty()) throw Error(ErrorCode::operation_failed, "No DRM render nodes available");
    return *nodes.begin();
}

}  // namespace

void choose_render_nodes(model::DomainDef& def, const std::string& folder) {
    for (Graphics& graphics : def.devices.graphics)
        if (is_drawn_by_the_host(graphics) && graphics.render_node.empty())
            graphics.render_node = first_render_node(folder);
}

void check_video_helpers(const model::DomainDef& def) {
    for (const auto& video : def.devices.videos)
        if (video.backend == model::Video::Backend::vhostuser)
            throw Error(ErrorCode::operation_failed, "Unable to find a satisfying vhost-user-gpu");
}

}  // namespace innkeeper::qemu
