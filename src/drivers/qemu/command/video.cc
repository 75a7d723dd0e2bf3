#include "model/domain/video.h"

#include <fmt/format.h>

#include "drivers/qemu/command/builder.h"

namespace innkeeper::qemu {

using model::Video;
using Type = Video::Type;

namespace {

/// A primary card speaks VGA from the first moment on, so that the firmware can use it.
std::string virtio_card(const Builder& b, const Video& video) {
    const bool is_gl = video.acceleration.accel3d == true;
    if (video.primary && b.is_x86()) return is_gl ? "virtio-vga-gl" : "virtio-vga";
    return b.virtio_device(is_gl ? "virtio-gpu-gl" : "virtio-gpu", video.info);
}

std::string device_of(const Builder& b, const Video& video) {
    switch (video.type) {
        case Type::vga:
            return "VGA";
        case Type::cirrus:
            return "cirrus-vga";
        case Type::vmvga:
            return "vmware-svga";
        case Type::qxl:
            return video.primary ? "qxl-vga" : "qxl";
        case Type::virtio:
            return virtio_card(b, video);
        case Type::bochs:
            return "bochs-display";
        case Type::ramfb:
            return "ramfb";
        default:
            unsupported(fmt::format("domain configuration does not support video model '{}'", xml::name(video.type)));
    }
}

void add_memory_sizes(const Video& video, Props& props) {
    const auto mebibytes = [](unsigned kib) { return kib >> 10; };
    const auto bytes = [](unsigned kib) { return std::uint64_t(kib) << 10; };
    if (video.type == Type::qxl) {
        if (video.ram) props.add("ram_size", bytes(*video.ram));
        if (video.vram) props.add("vram_size", bytes(*video.vram));
        props.add("vram64_size_mb", mebibytes(video.vram64.value_or(0)));
        if (video.vgamem) props.add("vgamem_mb", mebibytes(*video.vgamem));
    } else if (video.type == Type::vga || video.type == Type::vmvga) {
        if (video.vram) props.add("vgamem_mb", mebibytes(*video.vram));
    } else if (video.type == Type::bochs) {
        if (video.vram) props.add("vgamem", bytes(*video.vram));
    }
}

void add_video(Builder& b, const Video& video) {
    if (video.type == Type::none) return;
    if (video.backend == Video::Backend::vhostuser)
        unsupported("<driver name='vhostuser'/> of <video> is not supported yet");
    if (video.acceleration.accel3d == true && video.type != Type::virtio)
        unsupported(fmt::format("{} 3d acceleration is not supported", xml::name(video.type)));
    Props props(device_of(b, video));
    if (video.type == Type::virtio) b.add_virtio(props, video.virtio);
    props.add("id", video.info.alias);
    if (video.type == Type::qxl || video.type == Type::virtio) props.add("max_outputs", video.heads);
    props.add("blob", video.blob);
    add_memory_sizes(video, props);
    if (video.resolution) props.add("xres", video.resolution->x).add("yres", video.resolution->y);
    b.device(props, video.info);
}

}  // namespace

void add_videos(Builder& b) {
    for (const Video& video : b.devices.videos) add_video(b, video);
}

}  // namespace innkeeper::qemu
