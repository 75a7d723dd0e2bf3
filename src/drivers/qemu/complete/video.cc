#include <algorithm>
#include <bit>

#include "base/error.h"
#include "drivers/qemu/complete/steps.h"

namespace innkeeper::qemu {

using model::Video;

namespace {

Video::Type default_type(const Completion& it) {
    const Capabilities& caps = it.capabilities;
    if (caps.has_type("cirrus-vga")) return Video::Type::cirrus;
    if (caps.has_type("VGA")) return Video::Type::vga;
    if (caps.has_type("virtio-gpu-pci")) return Video::Type::virtio;
    return Video::Type::default_;
}

/// In KiB. QXL maps its memories as PCI regions, whose sizes are powers of two.
void settle_memory(Video& video) {
    switch (video.type) {
        case Video::Type::qxl:
            video.ram = std::bit_ceil(video.ram.value_or(64 * 1024));
            video.vram = std::bit_ceil(video.vram.value_or(64 * 1024));
            video.vgamem = std::bit_ceil(video.vgamem.value_or(16 * 1024));
            if (video.vram64) video.vram64 = std::bit_ceil(*video.vram64);
            break;
        case Video::Type::vga:
        case Video::Type::cirrus:
        case Video::Type::vmvga:
        case Video::Type::bochs:
            if (!video.vram) video.vram = 16 * 1024;
            break;
        default:
            break;
    }
}

}  // namespace

void add_default_video(Completion& it) {
    auto& devices = it.def.devices;
    if (!devices.videos.empty() || devices.graphics.empty()) return;
    devices.videos.emplace_back();
}

void settle_video(Completion& it, Video& video) {
    if (video.type == Video::Type::default_) video.type = default_type(it);
    if (video.type == Video::Type::none) {
        video.heads.reset();
        video.primary = false;
        return;
    }
    settle_memory(video);
    if (!video.heads) video.heads = 1;
}

void settle_videos(Completion& it) {
    auto& videos = it.def.devices.videos;
    if (videos.empty()) return;
    if (videos.size() > 1 && std::ranges::find(videos, Video::Type::none, &Video::type) != videos.end())
        throw Error(ErrorCode::config_unsupported, ErrorDomain::domain,
                    "a 'none' video type must be the only video device defined for the domain");
    if (std::ranges::count(videos, true, &Video::primary) > 1)
        throw Error(ErrorCode::config_unsupported, ErrorDomain::domain, "Only one primary video device is supported");
    const auto primary = std::ranges::find(videos, true, &Video::primary);
    if (primary != videos.end()) std::rotate(videos.begin(), primary, primary + 1);

    for (Video& video : videos) settle_video(it, video);
    if (videos.front().type != Video::Type::none) videos.front().primary = true;
}

}  // namespace innkeeper::qemu
