#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "model/domain/os.h"

namespace innkeeper::qemu {

/// What a firmware image on this host is and can do, as its packager describes it (QEMU's
/// `docs/interop/firmware.json`).
struct FirmwareDescriptor {
    enum class Interface { bios, openfirmware, uboot, uefi };
    enum class Device { flash, kernel, memory };
    /// How a flash device keeps variables: in an image of its own, in the same one, or not at all.
    enum class Mode { split, combined, stateless };
    struct Image {
        std::string path, format;
        bool operator==(const Image&) const = default;
    };
    struct Target {
        model::Architecture arch;
        std::vector<std::string> machines;  ///< patterns: `*` is any text, `?` any character
        bool operator==(const Target&) const = default;
    };

    std::set<Interface> interfaces;
    Device device = Device::flash;
    Mode mode = Mode::split;
    Image code;       ///< of what is not flash, only the path
    Image variables;  ///< the template; of Mode::split only
    std::vector<Target> targets;
    std::set<std::string, std::less<>> features;  ///< "secure-boot", "requires-smm"…; not all are known to us

    bool serves(model::Architecture arch, std::string_view machine) const;
    bool has(std::string_view feature) const { return features.contains(feature); }
    bool operator==(const FirmwareDescriptor&) const = default;
};
constexpr auto names_of(FirmwareDescriptor::Interface) { return xml::names("bios", "openfirmware", "uboot", "uefi"); }
constexpr auto names_of(FirmwareDescriptor::Device) { return xml::names("flash", "kernel", "memory"); }
constexpr auto names_of(FirmwareDescriptor::Mode) { return xml::names("split", "combined", "stateless"); }

/// Throws Error naming `path` where the text is no descriptor.
FirmwareDescriptor parse_firmware_descriptor(std::string_view text, std::string_view path);

/// All that are in the folders, in the order in which they are to be tried. A file in a folder hides those of the same
/// name in the folders behind it; one without content is none, but hides all the same. For the pool; throws Error
/// where one is faulty.
std::vector<FirmwareDescriptor> read_firmware_descriptors(const std::vector<std::string>& folders);

}  // namespace innkeeper::qemu
