#pragma once

#include <optional>
#include <string>

#include "model/domain/device_info.h"
#include "xml/description.h"

namespace innkeeper::model {

struct VideoResolution {
    unsigned x = 0, y = 0;
    bool operator==(const VideoResolution&) const = default;
};

/// A graphics card.
struct Video {
    enum class Type { default_, vga, cirrus, vmvga, xen, vbox, qxl, parallels, virtio, gop, none, bochs, ramfb };
    enum class Backend { qemu, vhostuser };
    enum class VgaConf { io, on, off };
    struct Acceleration {
        std::optional<bool> accel2d, accel3d;
        std::string render_node;
        bool operator==(const Acceleration&) const = default;
    };

    Type type = Type::default_;
    std::optional<unsigned> ram, vram, vram64, vgamem;  ///< KiB
    std::optional<unsigned> heads;
    bool primary = false;
    std::optional<bool> blob;
    Acceleration acceleration;
    std::optional<VideoResolution> resolution;
    std::optional<Backend> backend;
    std::optional<VgaConf> vgaconf;
    VirtioOptions virtio;
    DeviceInfo info;

    bool operator==(const Video&) const = default;
};
constexpr auto names_of(Video::Type) {
    return xml::names("default", "vga", "cirrus", "vmvga", "xen", "vbox", "qxl", "parallels", "virtio", "gop", "none",
                      "bochs", "ramfb");
}
constexpr auto names_of(Video::Backend) { return xml::names("qemu", "vhostuser"); }
constexpr auto names_of(Video::VgaConf) { return xml::names("io", "on", "off"); }

extern const xml::Element<Video> video_element;

}  // namespace innkeeper::model
